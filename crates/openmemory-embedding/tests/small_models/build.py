#!/usr/bin/env python3
"""Writes the tiny ONNX files that the loader's tests read. Needs onnx and numpy."""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
ROWS, WIDTH = 64, 8
table = np.random.default_rng(1).standard_normal((ROWS, WIDTH)).astype(np.float32)


def write(name, inputs, nodes, output, tensors=()):
    """`output` is (name, element type, shape)."""
    values = [helper.make_tensor_value_info(i, TensorProto.INT64, ["batch", "length"]) for i in inputs]
    initialisers = [numpy_helper.from_array(array, key) for key, array in {"table": table, **dict(tensors)}.items()]
    graph = helper.make_graph(nodes, name, values, [helper.make_tensor_value_info(*output)], initialisers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


# Row id % 64 of a table, so that it goes with any tokenizer; mask and types as exporters use them.
states = [
    helper.make_node("Mod", ["input_ids", "rows"], ["row"]),
    helper.make_node("Gather", ["table", "row"], ["words"]),
    helper.make_node("Gather", ["table", "token_type_ids"], ["types"]),
    helper.make_node("Add", ["words", "types"], ["sum"]),
    helper.make_node("Unsqueeze", ["attention_mask", "last"], ["wide"]),
    helper.make_node("Cast", ["wide"], ["mask"], to=TensorProto.FLOAT),
    helper.make_node("Mul", ["sum", "mask"], ["states"]),
]
tensors = {"rows": np.array(ROWS), "last": np.array([-1])}
inputs = ["input_ids", "attention_mask", "token_type_ids"]
token_states = ("states", TensorProto.FLOAT, ["batch", "length", WIDTH])
write("token_states", inputs, states, token_states, tensors)
write("pooled", inputs, [*states, helper.make_node("ReduceMean", ["states"], ["pooled"], axes=[1], keepdims=0)],
      ("pooled", TensorProto.FLOAT, ["batch", WIDTH]), tensors)
write("no_vectors", ["input_ids"], [helper.make_node("Mod", ["input_ids", "rows"], ["row"])],
      ("row", TensorProto.INT64, ["batch", "length"]), {"rows": np.array(ROWS)})
write("small_vocabulary", ["input_ids"], [helper.make_node("Gather", ["table", "input_ids"], ["states"])], token_states)
write("other_input", ["pixels"], [helper.make_node("Gather", ["table", "pixels"], ["states"])], token_states)

#!/usr/bin/env python3
"""Writes the tiny ONNX files that the loader's tests read. Needs onnx and numpy."""

import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[3] / "model"))

from bert import GROUP, Blocks, Shape, build, reference  # noqa: E402

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

# One layer in the form of the multilingual model: pieces of words, a table of 4-bit rows, 4-bit matrices.
shape = Shape("small_multilingual", layers=1, heads=4, width=128)
random = np.random.default_rng(2)
letters = "abcdefghijklmnopqrstuvwxyzäßéñабвгдежзиклмнопрстуяعربيةहिनदไทย我的生日是日本語한국"
pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *dict.fromkeys(letters), "▁q", "uery", ":", "▁passage", "生日", "er", "en", "."]
vocabulary = [[piece, -float(at) / 7] for at, piece in enumerate(pieces)]
special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
around = [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
          {"SpecialToken": {"id": "</s>", "type_id": 0}}]
tokenizer = {
    "version": "1.0", "truncation": None, "padding": None,
    "added_tokens": [{"id": at, "content": pieces[at], **special} for at in range(4)],
    "normalizer": {"type": "NFKC"},
    "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True},
    "post_processor": {"type": "TemplateProcessing", "single": around, "pair": around, "special_tokens": {
        name: {"id": name, "ids": [pieces.index(name)], "tokens": [name]} for name in ("<s>", "</s>")}},
    "decoder": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True},
    "model": {"type": "Unigram", "unk_id": 3, "vocab": vocabulary},
}
(HERE / "small_multilingual.json").write_text(json.dumps(tokenizer, ensure_ascii=False) + "\n", "utf-8")


def blocks(rows, columns, axis):
    scales = [rows, columns]
    scales[axis] //= GROUP
    return Blocks(random.integers(-8, 8, (rows, columns)).astype(np.int8),
                  random.uniform(0.002, 0.02, scales).astype(np.float16))


w = {"words": blocks(len(pieces), 128, 1), "positions": random.normal(0, 0.05, (64, 128)).astype(np.float32)}
for name in ("norm", "0.norm1", "0.norm2"):
    w[f"{name}.weight"] = random.uniform(0.5, 1.5, 128).astype(np.float32)
    w[f"{name}.bias"] = random.normal(0, 0.1, 128).astype(np.float32)
for name in ("query", "key", "value", "output", "inner", "outer"):
    w[f"0.{name}.weight"] = blocks(128, 128, 0)
    w[f"0.{name}.bias"] = random.normal(0, 0.1, 128).astype(np.float32)
(HERE / "small_multilingual.onnx").write_bytes(build(w, shape))
# Lines of token ids, each followed by the vector that numpy computes of them.
ids = [[0, *random.integers(3, len(pieces), length).tolist(), 2] for length in (1, 7, 33, 60)]
lines = [line for given, vector in zip(ids, reference(w, shape, ids)) for line in (given, vector.round(6).tolist())]
(HERE / "small_multilingual_vectors.txt").write_text("".join(" ".join(map(str, line)) + "\n" for line in lines))

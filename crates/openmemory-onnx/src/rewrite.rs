//! Which nodes of a model are replaced by operators of this crate?
//!
//! Each rule matches one pattern, as `model/build.py` writes it. Other nodes are left to tract.

use std::collections::{HashMap, HashSet};

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

use crate::attention::STEP;
use crate::graph::{ATTENTION, DENSE, NORM, TABLE};
use crate::int4::INT4;
use crate::int8::{GROUP, Int8Matrix, whole_groups};
use crate::weights::{attribute, dims, integers};

pub(crate) fn rewrite(graph: &mut GraphProto) {
    let view = View::new(graph);
    let changed: Vec<_> = graph.node.iter().map(|node| view.replacement(node)).collect();
    for (node, changed) in graph.node.iter_mut().zip(changed) {
        if let Some(changed) = changed {
            *node = changed;
        }
    }
    remove_unused(graph);
}

/// Removes nodes whose outputs are not used. Inputs precede their nodes, so one pass from the end suffices.
fn remove_unused(graph: &mut GraphProto) {
    let mut used: HashSet<String> = graph.output.iter().map(|output| output.name.clone()).collect();
    let mut kept: Vec<NodeProto> = Vec::with_capacity(graph.node.len());
    for node in graph.node.drain(..).rev() {
        if node.output.iter().any(|output| used.contains(output)) {
            used.extend(node.input.iter().cloned());
            kept.push(node);
        }
    }
    kept.reverse();
    graph.node = kept;
}

struct View<'a> {
    producers: HashMap<&'a str, &'a NodeProto>,
    tensors: HashMap<&'a str, &'a TensorProto>,
}

impl<'a> View<'a> {
    fn new(graph: &'a GraphProto) -> Self {
        let outputs = |node: &'a NodeProto| node.output.iter().map(move |output| (&output[..], node));
        Self {
            producers: graph.node.iter().flat_map(outputs).collect(),
            tensors: graph.initializer.iter().map(|tensor| (&tensor.name[..], tensor)).collect(),
        }
    }

    fn replacement(&self, node: &NodeProto) -> Option<NodeProto> {
        match &node.op_type[..] {
            "Add" => self.dense(node),
            "Gather" => self.table(node),
            "Reshape" => self.attention(node),
            "LayerNormalization" => self.norm(node),
            _ => None,
        }
    }

    /// `x · W + b`.
    fn dense(&self, add: &NodeProto) -> Option<NodeProto> {
        let [one, other] = &add.input[..] else { return None };
        let (product, bias) = match self.producer(one, "MatMul") {
            Some(product) => (product, other),
            None => (self.producer(other, "MatMul")?, one),
        };
        let [x, weights] = &product.input[..] else { return None };
        let (values, scales) = self.blocks(weights, 0)?;
        let [inputs, outputs] = self.dims(values)?[..] else { return None };
        let fits = Int8Matrix::supports(inputs, outputs) && self.dims(bias)? == [outputs];
        fits.then(|| node(DENSE, add, [x, values, scales, bias]))
    }

    fn table(&self, gather: &NodeProto) -> Option<NodeProto> {
        let [table, ids] = &gather.input[..] else { return None };
        let (values, scales) = self.blocks(table, 1)?;
        let [_, width] = self.dims(values)?[..] else { return None };
        let fits = attribute(gather, "axis").unwrap_or(0) == 0 && whole_groups(width);
        fits.then(|| node(TABLE, gather, [ids, self.halves(scales), values]))
    }

    /// Reshape(Transpose(Softmax(queries · keys) · values)).
    fn attention(&self, flat: &NodeProto) -> Option<NodeProto> {
        let [transposed, shape] = &flat.input[..] else { return None };
        let [weights, values] = &self.producer(self.transposed(transposed, [0, 2, 1, 3])?, "MatMul")?.input[..] else {
            return None;
        };
        let weights = self.producer(weights, "Softmax").filter(|node| attribute(node, "axis") == Some(-1))?;
        let [queries, keys] = &self.producer(weights.input.first()?, "MatMul")?.input[..] else { return None };
        let (query, heads) = self.split(queries, [0, 2, 1, 3])?;
        let (key, key_heads) = self.split(keys, [0, 2, 3, 1])?;
        let (value, value_heads) = self.split(values, [0, 2, 1, 3])?;
        let &[0, 0, count, size] = &heads[..] else { return None };
        let whole = integers(self.tensors.get(&shape[..])?)? == [0, 0, count * size];
        let fits = heads == key_heads && heads == value_heads && whole && size > 0 && size % STEP as i64 == 0;
        fits.then(|| {
            let count = AttributeProto { name: "heads".into(), i: count, ..AttributeProto::default() };
            let mut attention = node(ATTENTION, flat, [query, key, value]);
            attention.attribute = vec![AttributeProto { r#type: AttributeType::Int as i32, ..count }];
            attention
        })
    }

    fn norm(&self, norm: &NodeProto) -> Option<NodeProto> {
        let [x, weight, bias] = &norm.input[..] else { return None };
        let last = attribute(norm, "axis").unwrap_or(-1) == -1 && norm.output.len() == 1;
        let [width] = self.dims(weight)?[..] else { return None };
        let fits = last && whole_groups(width) && self.dims(bias)? == [width];
        fits.then(|| {
            let mut changed = node(NORM, norm, [x, weight, bias]);
            changed.attribute = norm.attribute.clone();
            changed
        })
    }

    fn producer(&self, name: &str, op: &str) -> Option<&'a NodeProto> {
        self.producers.get(name).copied().filter(|node| node.op_type == op)
    }

    /// The names of int8 values and of their scales, which are grouped along `axis`.
    fn blocks(&self, name: &str, axis: i64) -> Option<(&'a String, &'a String)> {
        let node = self.producer(name, "DequantizeLinear")?;
        let [values, scales] = &node.input[..] else { return None };
        let grouped = attribute(node, "block_size") == Some(GROUP as i64) && attribute(node, "axis") == Some(axis);
        let small = [DataType::Int8 as i32, INT4].contains(&self.tensors.get(&values[..])?.data_type);
        (grouped && small).then_some((values, scales))
    }

    /// The f16 numbers that become the f32 numbers of this name, if they are stored as f16.
    fn halves(&self, name: &'a String) -> &'a String {
        let stored =
            |name: &String| self.tensors.get(&name[..]).is_some_and(|it| it.data_type == DataType::Float16 as i32);
        let cast = self.producer(name, "Cast").and_then(|cast| cast.input.first());
        cast.filter(|halves| stored(halves)).unwrap_or(name)
    }

    /// The tensor that was split into heads and transposed, and its shape with heads.
    fn split(&self, name: &str, order: [i64; 4]) -> Option<(&'a String, Vec<i64>)> {
        let [whole, shape] = &self.producer(self.transposed(name, order)?, "Reshape")?.input[..] else { return None };
        Some((whole, integers(self.tensors.get(&shape[..])?)?))
    }

    fn transposed(&self, name: &str, order: [i64; 4]) -> Option<&'a String> {
        let transpose = self.producer(name, "Transpose")?;
        let found = transpose.attribute.iter().find(|attribute| attribute.name == "perm")?;
        transpose.input.first().filter(|_| found.ints == order)
    }

    fn dims(&self, name: &str) -> Option<Vec<usize>> {
        Some(dims(self.tensors.get(name)?))
    }
}

/// A node that replaces `replaced`, with the same name and outputs.
fn node<const N: usize>(op: &str, replaced: &NodeProto, input: [&String; N]) -> NodeProto {
    NodeProto {
        op_type: op.to_owned(),
        name: replaced.name.clone(),
        input: input.map(String::clone).into(),
        output: replaced.output.clone(),
        ..NodeProto::default()
    }
}

#[cfg(test)]
mod tests {
    use tract_onnx::prelude::*;

    use super::*;

    fn shipped() -> GraphProto {
        let file = "../../model/all-MiniLM-L6-v2.onnx";
        onnx().proto_model_for_path(file).unwrap().graph.unwrap()
    }

    fn count(graph: &GraphProto, op: &str) -> usize {
        graph.node.iter().filter(|node| node.op_type == op).count()
    }

    fn change(graph: &mut GraphProto, name: &str, change: impl FnOnce(&mut NodeProto)) {
        change(graph.node.iter_mut().find(|node| node.name == name).unwrap());
    }

    #[test]
    fn all_products_of_the_shipped_model_are_replaced() {
        let mut graph = shipped();
        rewrite(&mut graph);
        assert_eq!([TABLE, DENSE, ATTENTION, NORM].map(|op| count(&graph, op)), [1, 36, 6, 13]);
        assert_eq!(count(&graph, "MatMul"), 0);
        // The table of positions, which is small.
        assert_eq!(count(&graph, "DequantizeLinear"), 1);
    }

    #[test]
    fn all_products_of_a_model_with_4_bits_are_replaced() {
        let file = "../openmemory-embedding/tests/small_models/small_multilingual.onnx";
        let mut graph = onnx().proto_model_for_path(file).unwrap().graph.unwrap();
        rewrite(&mut graph);
        assert_eq!([TABLE, DENSE, ATTENTION, NORM].map(|op| count(&graph, op)), [1, 6, 1, 3]);
        assert_eq!(count(&graph, "MatMul"), 0);
    }

    #[test]
    fn other_patterns_are_left_to_tract() {
        let mut graph = shipped();
        change(&mut graph, "0.query", |add| add.op_type = "Sub".to_owned());
        change(&mut graph, "1.inner.weight", |weight| weight.attribute.retain(|found| found.name != "block_size"));
        change(&mut graph, "2.shares", |softmax| softmax.attribute[0].i = 1);
        change(&mut graph, "norm", |norm| norm.output.push("mean".to_owned()));
        rewrite(&mut graph);
        assert_eq!([TABLE, DENSE, ATTENTION, NORM].map(|op| count(&graph, op)), [1, 34, 5, 12]);
        assert_eq!(count(&graph, "MatMul"), 4);
    }

    #[test]
    fn nodes_with_fewer_inputs_are_left_to_tract() {
        let mut graph = shipped();
        let nodes = graph.node.clone();
        for at in 0..nodes.len() {
            for inputs in [0, 1] {
                graph.node = nodes.clone();
                graph.node[at].input.truncate(inputs);
                rewrite(&mut graph);
                assert!(count(&graph, DENSE) <= 36, "node {at} with {inputs}");
            }
        }
    }

    #[test]
    fn nodes_that_are_used_elsewhere_are_kept() {
        let mut graph = shipped();
        graph.output[0].name = "3.scores".to_owned();
        rewrite(&mut graph);
        assert_eq!(count(&graph, "MatMul"), 1);
        assert_eq!(count(&graph, ATTENTION), 3);
    }
}

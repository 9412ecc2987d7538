//! What does an ONNX file say about itself, and what in it keeps it from running?

use std::collections::BTreeSet;

use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::tensor_shape_proto::dimension::Value as Length;
use tract_onnx::pb::{GraphProto, ModelProto, ValueInfoProto, type_proto};
use tract_onnx::prelude::*;

use crate::graph::reader;
use crate::network::NetworkError;

/// An ONNX file as it is, without its weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    pub inputs: Vec<Port>,
    pub outputs: Vec<Port>,
    /// Names of operators that have no implementation here, sorted.
    pub missing_operators: Vec<String>,
    /// Whether weights are in files next to it.
    pub external_weights: bool,
}

/// An input or an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    pub name: String,
    /// The type of its numbers, such as `int64`.
    pub kind: String,
    /// A length or the name of a variable one, for each axis.
    pub shape: Vec<String>,
}

impl Description {
    /// # Errors
    /// The bytes are not an ONNX file.
    pub fn read(bytes: &[u8]) -> Result<Self, NetworkError> {
        let onnx = reader();
        let proto = onnx
            .proto_model_for_read(&mut &*bytes)
            .map_err(|error| NetworkError::Unusable(format!("not an ONNX file: {error:#}")))?;
        let graph = graph(proto)?;
        let weights: BTreeSet<&str> = graph.initializer.iter().map(|tensor| &tensor.name[..]).collect();
        let variable = graph.input.iter().filter(|input| !weights.contains(&input.name[..]));
        let mut missing = BTreeSet::new();
        operators(&graph, &mut |operator| {
            if !onnx.op_register.0.contains_key(operator) {
                missing.insert(operator.to_owned());
            }
        });
        Ok(Self {
            inputs: variable.map(port).collect(),
            outputs: graph.output.iter().map(port).collect(),
            missing_operators: missing.into_iter().collect(),
            external_weights: graph
                .initializer
                .iter()
                .any(|tensor| tensor.data_location == Some(DataLocation::External as i32)),
        })
    }
}

/// The reader takes any bytes that happen to be valid fields, such as none at all.
fn graph(proto: ModelProto) -> Result<GraphProto, NetworkError> {
    let graph = proto.graph.filter(|graph| !graph.node.is_empty());
    graph.ok_or_else(|| NetworkError::Unusable("not an ONNX file: it has no graph".to_owned()))
}

/// Those of branches and loops too.
fn operators(graph: &GraphProto, found: &mut impl FnMut(&str)) {
    for node in &graph.node {
        found(&node.op_type);
        for attribute in &node.attribute {
            attribute.g.iter().chain(&attribute.graphs).for_each(|inner| operators(inner, found));
        }
    }
}

fn port(info: &ValueInfoProto) -> Port {
    let tensor = info.r#type.as_ref().and_then(|kind| kind.value.as_ref());
    let tensor = tensor.map(|type_proto::Value::TensorType(tensor)| tensor);
    let kind = tensor.and_then(|tensor| DataType::try_from(tensor.elem_type).ok());
    let axes = tensor.and_then(|tensor| tensor.shape.as_ref()).map_or(&[][..], |shape| &shape.dim);
    let length = |length: &Option<Length>| match length {
        Some(Length::DimValue(length)) => length.to_string(),
        Some(Length::DimParam(name)) => name.clone(),
        None => "?".to_owned(),
    };
    Port {
        name: info.name.clone(),
        kind: kind.map_or_else(|| "unknown".to_owned(), |kind| kind.as_str_name().to_ascii_lowercase()),
        shape: axes.iter().map(|axis| length(&axis.value)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(name: &str) -> Vec<u8> {
        std::fs::read(format!("../openmemory-embedding/tests/small_models/{name}.onnx")).unwrap()
    }

    #[test]
    fn inputs_and_outputs_are_those_of_the_file() {
        let description = Description::read(&small("token_states")).unwrap();
        let names: Vec<&str> = description.inputs.iter().map(|input| &input.name[..]).collect();
        assert_eq!(names, ["input_ids", "attention_mask", "token_type_ids"]);
        let [output] = &description.outputs[..] else { panic!("{:?}", description.outputs) };
        assert_eq!((&output.name[..], &output.kind[..]), ("states", "float"));
        assert_eq!(output.shape, ["batch", "length", "8"]);
        assert_eq!(description.missing_operators, [""; 0]);
        assert!(!description.external_weights);
    }

    #[test]
    fn operators_that_nothing_implements_are_named() {
        let mut bytes = small("token_states");
        let at = bytes.windows(6).rposition(|six| six == b"Gather").unwrap();
        bytes[at..at + 6].copy_from_slice(b"Gopher");
        assert_eq!(Description::read(&bytes).unwrap().missing_operators, ["Gopher"]);
    }

    #[test]
    fn the_operators_of_the_shipped_model_are_known() {
        let bytes = std::fs::read("../../model/all-MiniLM-L6-v2.onnx").unwrap();
        assert_eq!(Description::read(&bytes).unwrap().missing_operators, [""; 0]);
    }

    #[test]
    fn other_files_are_refused() {
        for bytes in [&b""[..], b"<html>", &small("pooled")[..40]] {
            assert!(Description::read(bytes).is_err(), "{bytes:?}");
        }
    }
}

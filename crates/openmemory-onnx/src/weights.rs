//! How do compressed weights become f32?
//!
//! Weights are stored as int8 in blocks (`DequantizeLinear` with `block_size`) or as f16 (`Cast`). These nodes would
//! run on every call, so each is replaced once by its f32 result.

use std::collections::{HashMap, HashSet};

use half::f16;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto, tensor_proto::DataType};

/// Replaces every stored weight in `graph` by f32. Nodes of other forms are left to tract.
pub(crate) fn expand(graph: &mut GraphProto) {
    let mut stored: HashMap<String, TensorProto> =
        graph.initializer.drain(..).map(|tensor| (tensor.name.clone(), tensor)).collect();
    for node in std::mem::take(&mut graph.node) {
        match folded(&node, &stored) {
            Some(tensor) => {
                stored.insert(tensor.name.clone(), tensor);
            }
            None => graph.node.push(node),
        }
    }
    keep_what_is_read(graph, stored);
}

fn folded(node: &NodeProto, stored: &HashMap<String, TensorProto>) -> Option<TensorProto> {
    let values = stored.get(node.input.first()?)?;
    let data = match node.op_type.as_str() {
        "Cast" if attribute(node, "to") == Some(DataType::Float as i64) => halves(values)?,
        "DequantizeLinear" if node.input.len() == 2 => blocks(values, stored.get(&node.input[1])?, node)?,
        _ => return None,
    };
    Some(TensorProto {
        name: node.output.first()?.clone(),
        dims: values.dims.clone(),
        data_type: DataType::Float as i32,
        raw_data: data.into_iter().flat_map(f32::to_le_bytes).collect(),
        ..TensorProto::default()
    })
}

fn halves(values: &TensorProto) -> Option<Vec<f32>> {
    let raw = raw(values, DataType::Float16)?.chunks_exact(2);
    Some(raw.map(|pair| f16::from_le_bytes([pair[0], pair[1]]).to_f32()).collect())
}

/// One scale per `block_size` consecutive values along `axis`.
fn blocks(values: &TensorProto, scales: &TensorProto, node: &NodeProto) -> Option<Vec<f32>> {
    let size = usize::try_from(attribute(node, "block_size")?).ok().filter(|size| *size > 0)?;
    let axis = usize::try_from(attribute(node, "axis")?).ok()?;
    let numbers = raw(values, DataType::Int8)?;
    let scales: Vec<f32> = raw(scales, DataType::Float)?
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
        .collect();
    let dims = dims(values);
    let length = *dims.get(axis)?;
    let stride: usize = dims[axis + 1..].iter().product();
    let groups = length.div_ceil(size);
    if numbers.is_empty() || scales.len() != numbers.len() / length * groups {
        return None;
    }
    let mut data = Vec::with_capacity(numbers.len());
    let slabs = numbers.chunks(length * stride).zip(scales.chunks(groups * stride));
    for (numbers, scales) in slabs {
        for (block, scales) in numbers.chunks(size * stride).zip(scales.chunks(stride)) {
            let scaled = block.iter().zip(scales.iter().cycle());
            data.extend(scaled.map(|(number, scale)| f32::from(*number as i8) * scale));
        }
    }
    Some(data)
}

fn raw(tensor: &TensorProto, form: DataType) -> Option<&[u8]> {
    let values: i64 = tensor.dims.iter().product();
    let width = match form {
        DataType::Int8 => 1,
        DataType::Float16 => 2,
        DataType::Int64 => 8,
        _ => 4,
    };
    let whole = tensor.raw_data.len() as i64 == values * width;
    (tensor.data_type == form as i32 && whole).then_some(&tensor.raw_data)
}

/// The values of a constant of integers.
pub(crate) fn integers(tensor: &TensorProto) -> Option<Vec<i64>> {
    let numbers = raw(tensor, DataType::Int64)?.chunks_exact(8);
    Some(numbers.filter_map(|number| Some(i64::from_le_bytes(number.try_into().ok()?))).collect())
}

pub(crate) fn dims(tensor: &TensorProto) -> Vec<usize> {
    tensor.dims.iter().map(|dim| *dim as usize).collect()
}

pub(crate) fn attribute(node: &NodeProto, name: &str) -> Option<i64> {
    Some(node.attribute.iter().find(|attribute| attribute.name == name)?.i)
}

fn keep_what_is_read(graph: &mut GraphProto, stored: HashMap<String, TensorProto>) {
    let read: HashSet<&str> = graph
        .node
        .iter()
        .flat_map(|node| node.input.iter())
        .chain(graph.output.iter().map(|output| &output.name))
        .map(String::as_str)
        .collect();
    graph.initializer = stored.into_values().filter(|tensor| read.contains(tensor.name.as_str())).collect();
    graph.initializer.sort_by(|a, b| a.name.cmp(&b.name));
}

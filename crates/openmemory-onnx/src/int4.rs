//! How are weights of 4 bits read?
//!
//! tract does not know INT4. A table keeps its two numbers a byte; a matrix becomes int8, because its product is as
//! fast with it and needs no code of its own.

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, TensorProto};

use crate::graph::TABLE;
use crate::table::both;

/// `TensorProto.DataType.INT4`, which tract's list does not have.
pub(crate) const INT4: i32 = 22;

/// Gives each tensor of 4-bit numbers a form that tract reads.
pub(crate) fn unpack(graph: &mut GraphProto) {
    for tensor in &mut graph.initializer {
        if tensor.data_type != INT4 || !is_whole(tensor) {
            continue;
        }
        let in_tables =
            graph.node.iter().filter(|node| node.op_type == TABLE).any(|node| node.input.contains(&tensor.name));
        match tensor.dims.last_mut() {
            Some(columns) if in_tables => {
                *columns /= 2;
                tensor.data_type = DataType::Uint8 as i32;
            }
            _ => {
                tensor.raw_data =
                    tensor.raw_data.iter().flat_map(|pair| both(*pair)).map(|number| number as u8).collect();
                tensor.data_type = DataType::Int8 as i32;
            }
        }
    }
}

/// Whether no byte is shared by two rows, and none is missing.
fn is_whole(tensor: &TensorProto) -> bool {
    let even = tensor.dims.last().is_some_and(|columns| columns % 2 == 0);
    even && tensor.dims.iter().product::<i64>() == tensor.raw_data.len() as i64 * 2
}

//! How is a model loaded and run?

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tract_onnx::Onnx;
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;

use crate::graph::reader;
use crate::rewrite::rewrite;
use crate::tensors::slice;
use crate::{int4, weights};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// The file is not a supported model.
    #[error("{0}")]
    Unusable(String),
    /// The model returned nothing usable for these tokens.
    #[error("{0}")]
    Failed(String),
}

/// One plan for all lengths. A plan per length, or one for batches, would double the memory and slow single texts down.
pub struct Network {
    plan: Arc<TypedRunnableModel>,
    inputs: Vec<Input>,
}

#[derive(Clone, Copy)]
enum Input {
    Ids,
    Mask,
    Types,
}

/// Rows of `dimensions` numbers each.
pub struct Output {
    pub values: Vec<f32>,
    pub dimensions: usize,
    /// A single row for the whole text, pooled inside the model; otherwise one row per token.
    pub pooled: bool,
}

impl Output {
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.dimensions)
    }
}

impl Network {
    /// Reads an ONNX file. Its inputs are `input_ids` and optionally `attention_mask` and `token_type_ids`; its first
    /// output has the token states `[1, n, d]` or a pooled vector `[1, d]`.
    ///
    /// Takes the bytes, so that they are gone before the weights are copied.
    pub fn load(bytes: Vec<u8>) -> Result<Self, NetworkError> {
        let onnx = reader();
        let mut proto = onnx.proto_model_for_read(&mut &bytes[..]).map_err(unusable)?;
        drop(bytes);
        if let Some(graph) = proto.graph.as_mut() {
            rewrite(graph);
            int4::unpack(graph);
            weights::expand(graph);
        }
        Self::plan(onnx, proto)
    }

    fn plan(onnx: Onnx, proto: ModelProto) -> Result<Self, NetworkError> {
        let mut model = onnx
            .with_ignore_output_shapes(true)
            .with_ignore_value_info(true)
            .model_for_proto_model(&proto)
            .map_err(unusable)?;
        drop(proto);

        let length = model.symbols.sym("length");
        // Lets tract prove that shapes are equal, so that it adds them with SIMD.
        model.symbols.add_assertion("length >= 1").map_err(unusable)?;
        let mut inputs = Vec::new();
        for (at, outlet) in model.input_outlets().map_err(unusable)?.to_vec().iter().enumerate() {
            inputs.push(match model.node(outlet.node).name.as_str() {
                "input_ids" => Input::Ids,
                "attention_mask" => Input::Mask,
                "token_type_ids" => Input::Types,
                name => {
                    return Err(NetworkError::Unusable(format!(
                        "it has an input {name:?}; only input_ids, attention_mask and token_type_ids are supported"
                    )));
                }
            });
            let fact = i64::fact([1.to_dim(), length.to_dim()]);
            model.set_input_fact(at, fact.into()).map_err(unusable)?;
        }
        if !inputs.iter().any(|input| matches!(input, Input::Ids)) {
            return Err(NetworkError::Unusable("it has no input named input_ids".to_owned()));
        }
        let plan = model.into_optimized().and_then(TypedModel::into_runnable).map_err(unusable)?;
        Ok(Self { plan, inputs })
    }

    /// Runs the model on these tokens; blocks.
    pub fn run(&self, ids: &[i64]) -> Result<Output, NetworkError> {
        let inputs = self
            .inputs
            .iter()
            .map(|input| {
                let values = match input {
                    Input::Ids => ids.to_vec(),
                    Input::Mask => vec![1; ids.len()],
                    Input::Types => vec![0; ids.len()],
                };
                Ok(tract_ndarray::Array2::from_shape_vec((1, ids.len()), values)?.into_tensor().into())
            })
            .collect::<TractResult<TVec<TValue>>>();
        // A token outside the vocabulary panics inside tract. The plan remains usable.
        let outputs = catch_unwind(AssertUnwindSafe(|| self.plan.run(inputs?)))
            .map_err(|_| {
                NetworkError::Failed("the model panicked; does the tokenizer belong to this model?".to_owned())
            })?
            .map_err(|error| NetworkError::Failed(format!("the model failed: {error}")))?;
        output(&outputs, ids.len())
    }
}

fn unusable(error: TractError) -> NetworkError {
    NetworkError::Unusable(format!("not a usable ONNX model: {error:#}"))
}

fn output(outputs: &[TValue], tokens: usize) -> Result<Output, NetworkError> {
    let first = outputs.first().ok_or_else(|| NetworkError::Failed("the model has no output".to_owned()))?;
    let unsupported = || {
        NetworkError::Failed(format!(
            "the model's first output is {:?} {:?}; expected f32 token states [1, {tokens}, d] or \
             one vector [1, d]",
            first.datum_type(),
            first.shape(),
        ))
    };
    let pooled = match *first.shape() {
        [1, rows, _] if rows == tokens => false,
        [1, _] => true,
        _ => return Err(unsupported()),
    };
    let dimensions = first.shape()[first.rank() - 1];
    let values = slice::<f32>(first).map_err(|_| unsupported())?.to_vec();
    if dimensions == 0 {
        return Err(unsupported());
    }
    Ok(Output { values, dimensions, pooled })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = "../../model/all-MiniLM-L6-v2.onnx";
    const SMALL: &str = "../openmemory-embedding/tests/small_models/small_multilingual";

    #[test]
    fn weights_of_4_bits_give_what_numpy_computes_of_them() {
        let network = Network::load(std::fs::read(format!("{SMALL}.onnx")).unwrap()).unwrap();
        let text = std::fs::read_to_string(format!("{SMALL}_vectors.txt")).unwrap();
        let mut lines = text.lines().map(|line| line.split(' ').map(|number| number.parse::<f32>().unwrap()));
        let mut texts = 0;
        while let (Some(ids), Some(expected)) = (lines.next(), lines.next()) {
            let ids: Vec<i64> = ids.map(|id| id as i64).collect();
            let output = network.run(&ids).unwrap();
            let column = |at: usize| output.rows().map(|row| row[at]).sum::<f32>();
            let sums: Vec<f32> = (0..output.dimensions).map(column).collect();
            let length = sums.iter().map(|sum| sum * sum).sum::<f32>().sqrt();
            let cosine = sums.iter().zip(expected).map(|(sum, expected)| sum * expected).sum::<f32>() / length;
            assert!(cosine > 0.99999, "{cosine} with {} tokens", ids.len());
            texts += 1;
        }
        assert_eq!(texts, 4);
    }

    #[test]
    fn operators_of_this_crate_agree_with_those_of_tract() {
        agree(SHIPPED, &[1, 2, 13, 32, 33, 150, 256], 1000, 97);
        agree(&format!("{SMALL}.onnx"), &[1, 2, 60], 3, 1);
    }

    fn agree(file: &str, lengths: &[i64], first: i64, step: i64) {
        let bytes = std::fs::read(file).unwrap();
        let ours = Network::load(bytes.clone()).unwrap();
        let onnx = reader();
        let mut proto = onnx.proto_model_for_read(&mut &*bytes).unwrap();
        let graph = proto.graph.as_mut().unwrap();
        int4::unpack(graph);
        weights::expand(graph);
        let theirs = Network::plan(onnx, proto).unwrap();
        for tokens in lengths {
            let ids: Vec<i64> = (0..*tokens).map(|at| first + at * step).collect();
            let (ours, theirs) = (ours.run(&ids).unwrap(), theirs.run(&ids).unwrap());
            for (ours, theirs) in ours.rows().zip(theirs.rows()) {
                let differ = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(differ < 2e-5, "{tokens} tokens: a state differs by {differ}");
            }
        }
    }

    #[test]
    fn an_unknown_token_fails_only_its_own_text() {
        let network = Network::load(std::fs::read(SHIPPED).unwrap()).unwrap();
        for id in [30_522, -1, i64::MAX] {
            assert!(matches!(network.run(&[101, id, 102]), Err(NetworkError::Failed(_))), "token {id}");
        }
        assert_eq!(network.run(&[101, 102]).unwrap().rows().count(), 2);
    }
}

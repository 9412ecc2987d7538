//! Which operators does this crate compute instead of tract?
//!
//! Operators own their constant inputs. The shape of the result follows from the first variable input.

use std::fmt::Debug;
use std::sync::Arc;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;

use crate::attention::{Attend, STEP};
use crate::int8::{Int8Matrix, whole_groups};
use crate::norm::Normalise;
use crate::table::Rows;
use crate::tensors::{slice, slice_mut};

pub(crate) trait Operator: Debug + Send + Sync {
    fn run(&self, inputs: &[TValue], shape: &[usize]) -> TractResult<Tensor>;
}

/// `x · W + b` with int8 weights. Inputs: x, W, the scales of W, b.
#[derive(Debug)]
pub(crate) struct Dense {
    matrix: Int8Matrix,
    bias: Vec<f32>,
    arch: pulp::Arch,
}

impl Dense {
    pub(crate) fn new(constants: &[Arc<Tensor>]) -> TractResult<Self> {
        let [values, scales, bias] = constants else { bail!("a matrix, its scales and a bias are required") };
        let &[inputs, outputs] = values.shape() else { bail!("not a matrix: {:?}", values.shape()) };
        let matrix = Int8Matrix::new(slice(values)?, slice(scales)?, inputs, outputs);
        let matrix =
            matrix.with_context(|| format!("a matrix of {inputs} by {outputs} does not consist of full blocks"))?;
        let bias = slice::<f32>(bias)?.to_vec();
        ensure!(bias.len() == outputs, "a bias of {} for {outputs} columns", bias.len());
        Ok(Self { matrix, bias, arch: pulp::Arch::new() })
    }
}

impl Operator for Dense {
    fn run(&self, inputs: &[TValue], shape: &[usize]) -> TractResult<Tensor> {
        let mut out = Tensor::zero::<f32>(shape)?;
        self.matrix.apply(self.arch, slice(&inputs[0])?, &self.bias, slice_mut(&mut out)?);
        Ok(out)
    }
}

/// Rows of a table of int8 or 4-bit numbers. Inputs: row numbers, the scales of the table, the table.
#[derive(Debug)]
pub(crate) struct Table(Rows);

impl Table {
    pub(crate) fn new(constants: &[Arc<Tensor>]) -> TractResult<Self> {
        let [scales, values] = constants else { bail!("the scales of a table and the table are required") };
        Ok(Self(Rows::new(values, scales)?))
    }
}

impl Operator for Table {
    fn run(&self, inputs: &[TValue], shape: &[usize]) -> TractResult<Tensor> {
        let mut out = Tensor::zero::<f32>(shape)?;
        let width = shape[shape.len() - 1];
        for (id, out) in slice::<i64>(&inputs[0])?.iter().zip(slice_mut(&mut out)?.chunks_exact_mut(width)) {
            self.0.read(*id, out)?;
        }
        Ok(out)
    }
}

/// Multi-head attention. Inputs: queries, keys and values, each with all heads in a row.
#[derive(Debug)]
pub(crate) struct Attention {
    heads: usize,
    arch: pulp::Arch,
}

impl Attention {
    pub(crate) fn new(heads: usize) -> Self {
        Self { heads, arch: pulp::Arch::new() }
    }
}

impl Operator for Attention {
    fn run(&self, inputs: &[TValue], shape: &[usize]) -> TractResult<Tensor> {
        let width = shape[shape.len() - 1];
        ensure!(
            width.is_multiple_of(self.heads * STEP),
            "a width of {width} does not divide into {} heads",
            self.heads
        );
        let [query, key, value] = [slice(&inputs[0])?, slice(&inputs[1])?, slice(&inputs[2])?];
        ensure!(query.len() == key.len() && query.len() == value.len(), "only self-attention is supported");
        let mut out = Tensor::zero::<f32>(shape)?;
        let out_rows = slice_mut(&mut out)?;
        self.arch.dispatch(Attend { query, key, value, out: out_rows, width, heads: self.heads });
        Ok(out)
    }
}

/// Layer normalisation. Inputs: x, weight, bias.
#[derive(Debug)]
pub(crate) struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f32,
    arch: pulp::Arch,
}

impl Norm {
    pub(crate) fn new(constants: &[Arc<Tensor>], epsilon: f32) -> TractResult<Self> {
        let [weight, bias] = constants else { bail!("a weight and a bias are required") };
        let (weight, bias) = (slice::<f32>(weight)?.to_vec(), slice::<f32>(bias)?.to_vec());
        ensure!(whole_groups(weight.len()) && weight.len() == bias.len(), "an unsupported width of {}", weight.len());
        Ok(Self { weight, bias, epsilon, arch: pulp::Arch::new() })
    }
}

impl Operator for Norm {
    fn run(&self, inputs: &[TValue], shape: &[usize]) -> TractResult<Tensor> {
        let mut out = Tensor::zero::<f32>(shape)?;
        let (rows, out_rows) = (slice(&inputs[0])?, slice_mut(&mut out)?);
        let Self { weight, bias, epsilon, arch } = self;
        arch.dispatch(Normalise { rows, weight, bias, epsilon: *epsilon, out: out_rows });
        Ok(out)
    }
}

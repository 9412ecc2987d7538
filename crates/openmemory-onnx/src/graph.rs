//! How are the operators of this crate registered with tract?

use std::sync::Arc;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::{Onnx, onnx};

use crate::int8::GROUP;
use crate::operators::{Attention, Dense, Norm, Operator, Table};

/// The operator names that `rewrite` uses.
pub(crate) const DENSE: &str = "openmemory.Dense";
pub(crate) const TABLE: &str = "openmemory.Table";
pub(crate) const ATTENTION: &str = "openmemory.Attention";
pub(crate) const NORM: &str = "openmemory.Norm";

/// tract's ONNX reader with the operators of this crate.
pub(crate) fn reader() -> Onnx {
    let mut onnx = onnx();
    let register = &mut onnx.op_register;
    register.insert(DENSE, |_, _| planned(Planned { variable: 1, shape: last_of_second, build: Build::Dense }));
    register.insert(TABLE, |_, _| planned(Planned { variable: 1, shape: and_groups_of_second, build: Build::Table }));
    register.insert(ATTENTION, attention);
    register.insert(NORM, norm);
    onnx
}

fn attention(_: &ParsingContext, node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let heads = node.get_attr("heads")?;
    planned(Planned { variable: 3, shape: first, build: Build::Attention { heads } })
}

fn norm(_: &ParsingContext, node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let epsilon = node.get_attr_opt("epsilon")?.unwrap_or(1e-5);
    planned(Planned { variable: 1, shape: first, build: Build::Norm { epsilon } })
}

fn planned(planned: Planned) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    Ok((expand(planned), vec![]))
}

fn first(first: &[TDim], _: &[TDim]) -> TVec<TDim> {
    first.into()
}

fn last_of_second(first: &[TDim], second: &[TDim]) -> TVec<TDim> {
    let rows = &first[..first.len().saturating_sub(1)];
    rows.iter().chain(second.last()).cloned().collect()
}

fn and_groups_of_second(first: &[TDim], second: &[TDim]) -> TVec<TDim> {
    first.iter().cloned().chain(second.last().map(|groups| groups.clone() * GROUP)).collect()
}

/// An operator whose constant inputs are not known yet.
#[derive(Clone, Debug)]
struct Planned {
    /// The number of variable inputs; the constant ones follow them.
    variable: usize,
    /// Computes the shape of the result from those of the first two inputs.
    shape: fn(&[TDim], &[TDim]) -> TVec<TDim>,
    build: Build,
}

#[derive(Clone, Debug)]
enum Build {
    Dense,
    Table,
    Attention { heads: usize },
    Norm { epsilon: f32 },
}

impl Build {
    fn operator(&self, constants: &[Arc<Tensor>]) -> TractResult<Arc<dyn Operator>> {
        Ok(match self {
            Self::Dense => Arc::new(Dense::new(constants)?),
            Self::Table => Arc::new(Table::new(constants)?),
            Self::Attention { heads } => Arc::new(Attention::new(*heads)),
            Self::Norm { epsilon } => Arc::new(Norm::new(constants, *epsilon)?),
        })
    }
}

impl Expansion for Planned {
    fn name(&self) -> StaticName {
        format!("{:?}", self.build).into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        solver.equals(&outputs[0].datum_type, f32::datum_type())?;
        let shape = self.shape;
        solver.given_2(&inputs[0].shape, &inputs[1].shape, move |solver, first, second| {
            solver.equals(&outputs[0].shape, shape(&first, &second))
        })
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let facts = inputs.iter().map(|input| model.outlet_fact(*input)).collect::<TractResult<Vec<_>>>()?;
        let [first, second, ..] = &facts[..] else { bail!("{prefix} has {} inputs", facts.len()) };
        let shape = (self.shape)(&first.shape.to_tvec(), &second.shape.to_tvec());
        let constants =
            facts[self.variable..].iter().map(|fact| fact.konst.clone().context("a constant input is required"));
        let operator = self.build.operator(&constants.collect::<TractResult<Vec<_>>>()?)?;
        model.wire_node(prefix, GraphOperator { operator, fact: f32::fact(shape) }, &inputs[..self.variable])
    }
}

/// An operator in tract's graph.
#[derive(Clone, Debug)]
struct GraphOperator {
    operator: Arc<dyn Operator>,
    fact: TypedFact,
}

impl PartialEq for GraphOperator {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.operator, &other.operator)
    }
}

impl Eq for GraphOperator {}

impl Op for GraphOperator {
    fn name(&self) -> StaticName {
        "GraphOperator".into()
    }

    op_as_typed_op!();
}

impl EvalOp for GraphOperator {
    not_out_of_plan!();

    fn eval(&self, context: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let shape = self.fact.shape.eval_to_usize(context.symbols)?;
        Ok(tvec!(self.operator.run(&inputs, &shape)?.into_tvalue()))
    }
}

impl TypedOp for GraphOperator {
    fn output_facts(&self, _: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec!(self.fact.clone()))
    }

    as_op!();
}

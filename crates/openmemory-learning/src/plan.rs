//! What is left of an answer after all checks, and what happens to each operation?

use openmemory_domain::learning::{LearnedOperation, Quote, Refusal, RefusalCode, State};
use openmemory_domain::request::LearnMode;

use crate::check::once::Before;
use crate::check::{
    Context, categories, dates, duplicate, figures, once, permitted, quote, radius, rejected, target, text,
};
use crate::proposal::{Proposal, RawOperation};

/// An operation of the answer after the checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub raw: RawOperation,
    pub outcome: Result<Proposal, Refusal>,
}

/// Checks the operations of one part. `before` has those of the parts before, and `room` how many may still follow.
pub fn plan(context: &Context<'_>, answer: Vec<RawOperation>, before: &mut Before, room: &mut usize) -> Vec<Planned> {
    let mut check = |raw: &RawOperation| {
        let proposal = target::resolve(context, raw)?;
        let proposal = text::check(context, proposal)?;
        let proposal = quote::check(context, proposal)?;
        let proposal = permitted::check(context, proposal)?;
        // Before dates are filled in, which the model did not give.
        let proposal = figures::check(context, proposal)?;
        let proposal = dates::check(context, proposal)?;
        let proposal = duplicate::check(context, proposal)?;
        let proposal = rejected::check(context, proposal)?;
        if *room == 0 {
            return Err(Refusal::new(RefusalCode::NotAllowed, "the call allows no more operations"));
        }
        let proposal = once::check(context, before, proposal)?;
        *room -= 1;
        Ok(categories::choose(context, raw, proposal))
    };
    answer.into_iter().map(|raw| Planned { outcome: check(&raw), raw }).collect()
}

/// The operations with what happens to them: those that are `Waiting` and may be applied now are marked in the second list.
pub fn decided(context: &Context<'_>, mode: LearnMode, planned: &[Planned]) -> Vec<(LearnedOperation, bool)> {
    let accepted = planned.iter().filter_map(|planned| planned.outcome.as_ref().ok());
    let too_much = radius::exceeded(context.candidates.len(), accepted);
    let one = |planned: &Planned| {
        let (proposal, error) = match &planned.outcome {
            Ok(proposal) => (Some(proposal), None),
            Err(refusal) => (None, Some(refusal.clone())),
        };
        let operation = proposal.and_then(|proposal| proposal.operation(context.candidates));
        let turn = proposal.map(|proposal| proposal.turn).or_else(|| turn_of(&planned.raw));
        let quotes = turn
            .and_then(|turn| context.part.turns.get(turn))
            .map(|turn| Quote { message: turn.id.clone(), text: planned.raw.quote.clone() });
        let before = proposal.and_then(|proposal| context.candidates.get(proposal.memory?));
        let now = match (proposal, mode) {
            (None, _) | (_, LearnMode::Propose | LearnMode::Dry) => false,
            (Some(proposal), LearnMode::Review) => !proposal.changes_memories(),
            (Some(proposal), LearnMode::Apply) => !(too_much && proposal.changes_memories()),
        };
        let learned = LearnedOperation {
            before: before.map(|memory| memory.content.clone()).filter(|_| operation.is_some()),
            operation,
            quotes: quotes.into_iter().collect(),
            reason: proposal.map_or(&planned.raw.because, |proposal| &proposal.because).chars().take(500).collect(),
            state: if error.is_some() { State::Refused } else { State::Waiting },
            id: None,
            version: None,
            error,
        };
        (learned, now)
    };
    planned.iter().map(one).collect()
}

fn turn_of(raw: &RawOperation) -> Option<usize> {
    usize::try_from(raw.message).ok()?.checked_sub(1)
}

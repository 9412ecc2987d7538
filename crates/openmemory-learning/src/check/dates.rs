//! Do the dates fit each other and the memory? What is not known of a new state is taken from the message.

use openmemory_domain::learning::{Change, Refusal, RefusalCode};
use openmemory_domain::{PartialDate, Retired, Timestamp};

use super::context::{Checked, Context};
use crate::proposal::{Kind, Proposal};

/// Ten years: plans have dates ahead, and mistakes have dates far ahead.
const FARTHEST_MS: i64 = 10 * 366 * 86_400_000;

pub fn check(context: &Context<'_>, mut proposal: Proposal) -> Checked {
    let invalid = |field: &str, problem: &str| Refusal::of_field(RefusalCode::InvalidArgument, field, problem);
    let said = context.turn(&proposal).map_or(context.now, |turn| turn.at);
    match proposal.kind {
        Kind::Update(Change::NewState) => proposal.from = proposal.from.or(Some(PartialDate::moment(said))),
        Kind::Retire(Retired::Ended) => proposal.until = proposal.until.or(Some(PartialDate::moment(said))),
        // What never was has no end, and what is merged or said again has the dates that it had.
        Kind::Retire(Retired::Wrong) | Kind::Merge | Kind::Keep => (proposal.from, proposal.until) = (None, None),
        Kind::Add | Kind::Update(_) => {}
    }
    let farthest = Timestamp::from_millis(context.now.millis().saturating_add(FARTHEST_MS));
    for (field, date) in [("from", proposal.from), ("until", proposal.until)] {
        if date.is_some_and(|date| date.start() > farthest) {
            return Err(invalid(field, "is more than ten years ahead"));
        }
    }
    let memory = proposal.memory.and_then(|index| context.candidates.get(index));
    let since = memory.and_then(|memory| memory.since);
    if let (Kind::Update(change), Some(since)) = (proposal.kind, since)
        && change != Change::Correction
        && proposal.from.is_some_and(|from| from.start() < since.start())
    {
        return Err(invalid("from", "is before the memory that it would replace"));
    }
    let from = match proposal.kind {
        Kind::Add | Kind::Update(_) => proposal.from.or(since),
        _ => since,
    };
    if let (Some(from), Some(until)) = (from, proposal.until)
        && until.start() < from.start()
        && until.end() <= from.start()
    {
        return Err(invalid("until", "is before the beginning"));
    }
    Ok(proposal)
}

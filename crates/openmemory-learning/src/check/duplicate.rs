//! Does a memory say it already? Then the message confirms that memory.

use super::context::{Checked, Context};
use crate::candidate::Standing;
use crate::normal_form::{same, same_facts};
use crate::proposal::{Kind, Proposal};

/// The cosine from which two texts say the same, if their figures, names and negation are equal.
pub(super) const SAME: f32 = 0.97;

pub fn check(context: &Context<'_>, mut proposal: Proposal) -> Checked {
    if proposal.kind != Kind::Add {
        return Ok(proposal);
    }
    let says_it = |memory: &str, similarity: f32| {
        same(memory, &proposal.text) || similarity >= SAME && same_facts(memory, &proposal.text)
    };
    let near = context.near(&proposal.text).iter().map(|near| (&near.memory, near.similarity));
    let shown = context.candidates.iter().map(|(_, shown)| (shown, 0.0));
    let known = near
        .chain(shown)
        .find(|(memory, similarity)| memory.standing == Standing::Current && says_it(&memory.content, *similarity));
    let Some((known, _)) = known else { return Ok(proposal) };
    // One that was not shown is confirmed as well, but has no number.
    let index = (0..context.candidates.len())
        .find(|index| context.candidates.get(*index).is_some_and(|shown| shown.id == known.id));
    match index {
        Some(index) => {
            proposal.kind = Kind::Keep;
            proposal.memory = Some(index);
            proposal.text.clear();
            (proposal.from, proposal.until) = (None, None);
            Ok(proposal)
        }
        None => Err(openmemory_domain::learning::Refusal::new(
            openmemory_domain::learning::RefusalCode::Duplicate,
            "a memory says the same already",
        )),
    }
}

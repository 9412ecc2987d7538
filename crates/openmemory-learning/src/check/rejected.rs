//! Was the same retired as wrong before? A message that is no newer than that does not bring it back.

use openmemory_domain::learning::{Refusal, RefusalCode};

use super::context::{Checked, Context};
use super::duplicate::SAME;
use crate::candidate::Standing;
use crate::normal_form::{same, same_facts};
use crate::proposal::Proposal;

pub fn check(context: &Context<'_>, proposal: Proposal) -> Checked {
    if !proposal.has_text() {
        return Ok(proposal);
    }
    let said = context.turn(&proposal).map_or(context.now, |turn| turn.at);
    let near = context.near(&proposal.text).iter().map(|near| (&near.memory, near.similarity));
    let shown = context.candidates.iter().map(|(_, shown)| (shown, 0.0));
    for (memory, similarity) in near.chain(shown) {
        let Standing::Wrong { since } = memory.standing else { continue };
        let says_it =
            same(&memory.content, &proposal.text) || similarity >= SAME && same_facts(&memory.content, &proposal.text);
        if says_it && said <= since {
            return Err(Refusal::new(RefusalCode::RejectedBefore, "the same was retired as wrong after this was said"));
        }
    }
    Ok(proposal)
}

//! Is the text one that can be remembered?

use openmemory_domain::learning::{Refusal, RefusalCode};
use openmemory_domain::limits::LEARNT_CHARACTERS;

use super::context::{Checked, Context};
use crate::normal_form::same;
use crate::proposal::{Kind, Proposal};

pub fn check(context: &Context<'_>, mut proposal: Proposal) -> Checked {
    if !proposal.has_text() {
        proposal.text.clear();
        return Ok(proposal);
    }
    let invalid = |problem: &str| Refusal::of_field(RefusalCode::InvalidArgument, "text", problem);
    if !proposal.text.chars().any(char::is_alphanumeric) {
        return Err(invalid("the text is empty"));
    }
    if proposal.text.chars().count() > LEARNT_CHARACTERS {
        return Err(invalid("the text has more than 2000 characters"));
    }
    // A model that answers within its answer.
    if proposal.text.starts_with(['{', '[']) && serde_json::from_str::<serde_json::Value>(&proposal.text).is_ok() {
        return Err(invalid("the text is JSON"));
    }
    let memory = proposal.memory.and_then(|index| context.candidates.get(index));
    if matches!(proposal.kind, Kind::Update(_)) && memory.is_some_and(|memory| same(&memory.content, &proposal.text)) {
        proposal.kind = Kind::Keep;
        proposal.text.clear();
        (proposal.from, proposal.until) = (None, None);
    }
    Ok(proposal)
}

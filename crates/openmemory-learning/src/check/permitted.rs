//! May the memory be changed at all, and by this call?

use openmemory_domain::Retired;
use openmemory_domain::learning::{Refusal, RefusalCode};

use super::context::{Checked, Context};
use crate::candidate::Standing;
use crate::proposal::{Kind, Proposal};

pub fn check(context: &Context<'_>, proposal: Proposal) -> Checked {
    let allow = context.allow;
    let allowed = match proposal.kind {
        Kind::Add => allow.add,
        Kind::Update(_) => allow.update,
        Kind::Retire(_) => allow.retire,
        Kind::Merge => allow.merge,
        Kind::Keep => true,
    };
    if !allowed {
        return Err(Refusal::new(RefusalCode::NotAllowed, "the call does not allow this kind of operation"));
    }
    for memory in context.touched(&proposal) {
        if matches!(memory.standing, Standing::Wrong { .. }) {
            return Err(Refusal::new(RefusalCode::RejectedBefore, "the memory was retired as wrong"));
        }
        if memory.standing == Standing::Ended && proposal.kind == Kind::Retire(Retired::Ended) {
            return Err(Refusal::new(RefusalCode::Duplicate, "the memory has ended already"));
        }
        if !proposal.changes_memories() {
            continue;
        }
        if memory.immutable {
            return Err(Refusal::new(RefusalCode::Immutable, "the memory is immutable"));
        }
        if memory.protected {
            return Err(Refusal::new(RefusalCode::NotAllowed, "the filters of the call leave this memory out"));
        }
    }
    Ok(proposal)
}

//! Is it the first operation on this memory, and the first to say this?

use std::collections::HashSet;

use openmemory_domain::MemoryId;
use openmemory_domain::learning::{Refusal, RefusalCode};

use super::context::{Checked, Context};
use crate::normal_form::bare;
use crate::proposal::{Kind, Proposal};

/// What the operations before have touched and said, in all parts of a call.
#[derive(Debug, Default)]
pub struct Before {
    memories: HashSet<MemoryId>,
    texts: HashSet<String>,
}

pub fn check(context: &Context<'_>, before: &mut Before, proposal: Proposal) -> Checked {
    let touched = context.touched(&proposal);
    let text = bare(&proposal.text);
    let is_second = proposal.kind != Kind::Keep && touched.iter().any(|memory| before.memories.contains(&memory.id));
    if is_second || proposal.kind == Kind::Add && before.texts.contains(&text) {
        return Err(Refusal::new(RefusalCode::Duplicate, "an operation before concerns the same"));
    }
    if proposal.kind != Kind::Keep {
        before.memories.extend(touched.into_iter().map(|memory| memory.id.clone()));
    }
    if proposal.has_text() {
        before.texts.insert(text);
    }
    Ok(proposal)
}

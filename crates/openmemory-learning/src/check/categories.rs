//! Which categories does a new memory get? Those of the closed list alone, however the model spells them.

use super::context::Context;
use crate::proposal::{Kind, Proposal, RawOperation};

/// A name that is not in the list is left out: it says nothing against the fact itself.
pub fn choose(context: &Context<'_>, raw: &RawOperation, mut proposal: Proposal) -> Proposal {
    if proposal.kind != Kind::Add {
        return proposal;
    }
    for name in &raw.categories {
        let known = context.categories.iter().find(|known| known.name.to_lowercase() == name.trim().to_lowercase());
        if let Some(known) = known
            && !proposal.tags.contains(&known.name)
        {
            proposal.tags.push(known.name.clone());
        }
    }
    proposal
}

//! What of a deleted memory may learnings still say? That something was learnt, and none of its words.

use std::collections::BTreeSet;

use openmemory_domain::MemoryId;
use openmemory_domain::learning::{KeptLearning, LearningId};

use crate::error::Error;
use crate::learning_rows::LearningChanges;

/// The learnings that a memory comes from. Read before it is deleted, since its sources go with it.
pub fn learnings_of(changes: &impl LearningChanges, id: &MemoryId) -> Result<BTreeSet<LearningId>, Error> {
    let Some(number) = changes.number(id)? else { return Ok(BTreeSet::new()) };
    Ok(changes.sources(number)?.into_iter().map(|source| source.learning).collect())
}

/// Takes the words of a deleted memory out of these learnings.
pub fn forget(
    changes: &mut impl LearningChanges,
    id: &MemoryId,
    learnings: &BTreeSet<LearningId>,
) -> Result<(), Error> {
    for learning in learnings {
        if let Some(mut kept) = changes.learning(learning)? {
            without(&mut kept, id);
            changes.put_learning(&kept)?;
        }
    }
    Ok(())
}

fn without(kept: &mut KeptLearning, id: &MemoryId) {
    for learned in &mut kept.learning.operations {
        let names = |operation: &openmemory_domain::learning::ProposedOperation| {
            operation.memories().any(|memory| memory.id == *id)
        };
        if learned.id.as_ref() == Some(id) || learned.operation.as_ref().is_some_and(names) {
            learned.operation = None;
            learned.before = None;
            learned.quotes.clear();
            learned.reason.clear();
        }
    }
}

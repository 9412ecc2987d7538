//! What of a deleted memory may learnings still say? That something was learnt, and none of its words.

use std::collections::{BTreeMap, BTreeSet};

use openmemory_domain::learning::{KeptLearning, LearningId};
use openmemory_domain::request::Delete;
use openmemory_domain::{MemoryId, Timestamp};

use super::delete::delete;
use crate::contract::Deleted;
use crate::error::Error;
use crate::learning_rows::LearningChanges;
use crate::number::Number;

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

/// The learnings of memories that are about to be deleted.
pub struct Mentions(BTreeMap<MemoryId, BTreeSet<LearningId>>);

impl Mentions {
    pub fn of(changes: &impl LearningChanges, ids: &[MemoryId]) -> Result<Self, Error> {
        let mut mentions = BTreeMap::new();
        for id in ids {
            let learnings = learnings_of(changes, id)?;
            if !learnings.is_empty() {
                mentions.insert(id.clone(), learnings);
            }
        }
        Ok(Self(mentions))
    }

    /// Takes out the words of the memories that were deleted.
    pub fn forget<'a>(
        &self,
        changes: &mut impl LearningChanges,
        deleted: impl Iterator<Item = &'a MemoryId>,
    ) -> Result<(), Error> {
        for id in deleted {
            if let Some(learnings) = self.0.get(id) {
                forget(changes, id, learnings)?;
            }
        }
        Ok(())
    }
}

/// Deletes a memory, and its words in learnings.
pub fn delete_and_forget(
    changes: &mut impl LearningChanges,
    request: Delete,
    now: Timestamp,
) -> Result<(Number, Deleted), Error> {
    let id = request.id.clone();
    let mentions = Mentions::of(changes, std::slice::from_ref(&id))?;
    let deleted = delete(changes, request, now)?;
    mentions.forget(changes, std::iter::once(&id))?;
    Ok(deleted)
}

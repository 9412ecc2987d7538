//! How is a learning taken back? All of it in one commit: what it added is deleted, what it changed gets its earlier state
//! as a new version. If something has changed since, nothing is taken back.

use openmemory_domain::learning::{KeptLearning, Learning, ProposedOperation, State, VersionedId};
use openmemory_domain::request::{Delete, LearningById, Operation, Restore};
use openmemory_domain::{Event, Provenance, Timestamp};
use openmemory_rules::{Error, LearningChanges};

use super::decide::kept_learning;
use super::store::{LearningStore, LearningWork};
use crate::embed::Embedded;
use crate::operations::{Applied, Ready, apply};

/// Takes back all that a learning has changed.
pub async fn undo_learning(store: &impl LearningStore, request: LearningById) -> Result<Learning, Error> {
    let LearningById { id, actor, reason } = request;
    let kept = kept_learning(store, &id).await?;
    let _turn = store.queue().turn(&kept.learning.scope).await;
    let mut kept = kept_learning(store, &id).await?;
    let reason = reason.or_else(|| Some(format!("{id} was undone")));
    let (mut ready, nothing) = (Vec::new(), Embedded::new());
    for learned in kept.learning.operations.iter().rev().filter(|learned| learned.state == State::Applied) {
        for step in steps(learned.operation.as_ref(), learned.id.as_ref().zip(learned.version)) {
            ready.push(match step {
                Step::Delete(memory) => Ready::TakeBack(Delete {
                    id: memory.id,
                    if_version: Some(memory.if_version),
                    actor: actor.clone(),
                    reason: reason.clone(),
                }),
                Step::Restore(memory) => {
                    let version = memory.if_version.saturating_sub(1);
                    let provenance = Provenance {
                        event: Event::Restore { from: version },
                        actor: actor.clone(),
                        reason: reason.clone(),
                    };
                    let if_version = Some(memory.if_version);
                    let restore = Restore { id: memory.id, version, if_version, provenance };
                    store.prepare(Operation::Restore(restore), &nothing).await?
                }
            });
        }
    }
    for learned in kept.learning.operations.iter_mut() {
        match learned.state {
            State::Applied => learned.state = State::Undone,
            State::Waiting => learned.state = State::Discarded,
            _ => {}
        }
    }
    kept.learning.status = kept.learning.settled_status();
    let scope = kept.learning.scope.clone();
    let memories = ready.iter().flat_map(Ready::memory_ids).cloned().collect();
    Ok(store.commit(&scope, memories, Undo { kept, ready }).await?.learning)
}

struct Undo {
    kept: KeptLearning,
    ready: Vec<Ready>,
}

impl LearningWork for Undo {
    type Output = KeptLearning;

    fn run(&self, changes: &mut impl LearningChanges, now: Timestamp) -> Result<(KeptLearning, Vec<Applied>), Error> {
        let mut applied = Vec::with_capacity(self.ready.len());
        for operation in &self.ready {
            // A memory that somebody has deleted has nothing to be taken back.
            if let Some(id) = operation.id_of_deletion()
                && changes.number(id)?.is_none()
            {
                continue;
            }
            applied.push(apply(changes, operation.clone(), None, now)?);
        }
        changes.put_learning(&self.kept)?;
        Ok((self.kept.clone(), applied))
    }
}

enum Step {
    Delete(VersionedId),
    Restore(VersionedId),
}

/// What takes an operation back that has made this version.
fn steps(operation: Option<&ProposedOperation>, made: Option<(&openmemory_domain::MemoryId, u64)>) -> Vec<Step> {
    let Some((id, version)) = made else { return Vec::new() };
    let made = VersionedId { id: id.clone(), if_version: version };
    match operation {
        Some(ProposedOperation::Add { .. }) => vec![Step::Delete(made)],
        Some(ProposedOperation::Update { .. } | ProposedOperation::Retire { .. }) => vec![Step::Restore(made)],
        Some(ProposedOperation::Merge { from, .. }) => {
            let retired = |other: &VersionedId| VersionedId { id: other.id.clone(), if_version: other.if_version + 1 };
            from.iter().map(|other| Step::Restore(retired(other))).chain([Step::Restore(made)]).collect()
        }
        Some(ProposedOperation::Keep { .. }) | None => Vec::new(),
    }
}

//! Who is told when a commit is durable? The index, and those who watch; on the writer's thread, in the order of commits.

use std::sync::Arc;

use super::commit::Committed;
use super::delete::Deleted;
use super::existing::Insertion;
use super::feed::{Change, Feed};
use super::open::Engine;
use super::vectors::Vectors;
use openmemory_domain::Scope;
use openmemory_storage::Number;

#[derive(Clone)]
pub(super) struct Audience {
    vectors: Arc<Vectors>,
    feed: Arc<Feed>,
}

impl Engine {
    pub(super) fn audience(&self) -> Audience {
        Audience { vectors: Arc::clone(&self.vectors), feed: Arc::clone(&self.feed) }
    }
}

impl Audience {
    pub(super) fn committed(&self, committed: &Committed) {
        self.vectors.publish(committed);
        let memory = &committed.memory;
        self.feed.tell(committed.number, || Change::Stored(memory.clone()), memory.now);
    }

    pub(super) fn inserted(&self, insertion: &Insertion) {
        if let Some(committed) = insertion.committed() {
            self.committed(committed);
        }
    }

    /// Another memory has taken the place of `old`.
    pub(super) fn replaced(&self, old: Number, scope: &Scope, committed: &Committed) {
        self.vectors.remove(old, scope);
        self.committed(committed);
    }

    pub(super) fn deleted(&self, number: Number, deleted: &Deleted) {
        let (memory, at) = (&deleted.memory, deleted.deleted_at);
        self.vectors.remove(number, &memory.version.scope);
        self.feed.tell(number, || Change::Deleted { memory: memory.clone(), at }, at);
    }
}

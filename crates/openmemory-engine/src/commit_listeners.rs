//! Who is notified of a commit? The index and the watchers, on the writer thread, in commit order.

use std::sync::Arc;

use super::engine::Engine;
use super::feed::{Change, Feed};
use super::partitions::Partitions;
use super::past::Past;
use openmemory_domain::Scope;
use openmemory_rules::Number;
use openmemory_rules::contract::Deleted;
use openmemory_rules::write::add::Insertion;
use openmemory_rules::write::committed::Committed;

#[derive(Clone)]
pub(super) struct CommitListeners {
    partitions: Arc<Partitions>,
    past: Arc<Past>,
    feed: Arc<Feed>,
}

impl Engine {
    pub(super) fn listeners(&self) -> CommitListeners {
        let (partitions, past) = (Arc::clone(&self.partitions), Arc::clone(&self.past));
        CommitListeners { partitions, past, feed: Arc::clone(&self.feed) }
    }
}

impl CommitListeners {
    pub(super) fn committed(&self, committed: &Committed) {
        self.partitions.publish(committed);
        let memory = &committed.memory;
        self.past.changed(memory.version.scope.user_id.as_deref(), committed.number);
        self.feed.publish(committed.number, || Change::Stored(memory.clone()), memory.now);
    }

    pub(super) fn inserted(&self, insertion: &Insertion) {
        if let Some(committed) = insertion.committed() {
            self.committed(committed);
        }
    }

    /// An import has replaced the memory `old`.
    pub(super) fn replaced(&self, old: Number, scope: &Scope, committed: &Committed) {
        self.partitions.remove(old, scope);
        self.past.changed(scope.user_id.as_deref(), old);
        self.committed(committed);
    }

    pub(super) fn deleted(&self, number: Number, deleted: &Deleted) {
        let (memory, at) = (&deleted.memory, deleted.deleted_at);
        self.partitions.remove(number, &memory.version.scope);
        self.past.changed(memory.version.scope.user_id.as_deref(), number);
        self.feed.publish(number, || Change::Deleted { memory: memory.clone(), at }, at);
    }
}

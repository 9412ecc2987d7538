//! When are hits reinforced? A search records its hits, and a periodic commit reinforces those of many searches.

use std::sync::Arc;

use openmemory_domain::Timestamp;
use openmemory_rules::Number;
use openmemory_storage::Transaction;

use crate::engine::Engine;
use openmemory_rules::write::reinforce::{Reinforced, reinforce};

/// Maximum number of hits per search that are reinforced.
const MAX_HITS: usize = 8;

impl Engine {
    /// Records the hits of a search. Never waits: what cannot be queued is dropped.
    pub(crate) fn reinforce_hits(&self, numbers: impl Iterator<Item = Number>) {
        let numbers: Vec<Number> = numbers.take(MAX_HITS).collect();
        if numbers.is_empty() {
            return;
        }
        let now = self.now();
        if let Some(searches) = self.reinforcements.add(numbers, now) {
            self.write_reinforcements(searches, now);
        }
    }

    /// Queues all pending reinforcements before the store closes.
    pub(crate) fn finish_reinforcements(&self) {
        let searches = self.reinforcements.take();
        if !searches.is_empty() {
            self.write_reinforcements(searches, self.now());
        }
    }

    fn write_reinforcements(&self, searches: Vec<Vec<Number>>, now: Timestamp) {
        let partitions = Arc::clone(&self.partitions);
        let work = move |transaction: &mut Transaction<'_>| reinforce(transaction, &searches, now);
        let publish = move |reinforced: &Vec<Reinforced>| {
            for (number, user, dynamics) in reinforced {
                partitions.set_dynamics(*number, user.as_deref(), dynamics);
            }
        };
        self.store.commit_detached(work, publish);
    }
}

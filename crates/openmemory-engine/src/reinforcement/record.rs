//! When are hits reinforced? Noted by a search, and committed now and then for many searches at once.

use std::sync::Arc;

use openmemory_domain::Timestamp;
use openmemory_rules::Number;
use openmemory_storage::Transaction;

use crate::engine::Engine;
use openmemory_rules::write::reinforce::{Reinforced, reinforce};

/// The hits of a search that are reinforced.
const MAX_HITS: usize = 8;

impl Engine {
    /// Notes what a search has found. Never waits: what cannot be queued at once is forgotten.
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

    /// Queues what is pending, before the store closes.
    pub(crate) fn finish_reinforcements(&self) {
        let searches = self.reinforcements.take();
        if !searches.is_empty() {
            self.write_reinforcements(searches, self.now());
        }
    }

    fn write_reinforcements(&self, searches: Vec<Vec<Number>>, now: Timestamp) {
        let vectors = Arc::clone(&self.index);
        let work = move |transaction: &mut Transaction<'_>| reinforce(transaction, &searches, now);
        let publish = move |reinforced: &Vec<Reinforced>| {
            for (number, user, dynamics) in reinforced {
                vectors.set_dynamics(*number, user.as_deref(), dynamics);
            }
        };
        self.store.commit_detached(work, publish);
    }
}

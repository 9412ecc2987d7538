//! Which searches still have to reinforce their hits? Many share a commit, and those beyond a limit are dropped.

use parking_lot::Mutex;

use openmemory_domain::Timestamp;
use openmemory_rules::Number;

/// Maximum number of searches per commit. Further searches are dropped.
const MAX_SEARCHES: usize = 32;

/// Minimum time between two such commits.
const MIN_INTERVAL_MS: i64 = 10_000;

/// The searches whose hits are not reinforced yet.
#[derive(Default)]
pub(crate) struct PendingReinforcements {
    pending: Mutex<Pending>,
}

#[derive(Default)]
struct Pending {
    searches: Vec<Vec<Number>>,
    written: Option<Timestamp>,
}

impl PendingReinforcements {
    /// Adds the best hits of a search. Returns the searches to commit if the interval has passed.
    pub(crate) fn add(&self, hits: Vec<Number>, now: Timestamp) -> Option<Vec<Vec<Number>>> {
        let mut pending = self.pending.lock();
        if pending.searches.len() < MAX_SEARCHES {
            pending.searches.push(hits);
        }
        let since = *pending.written.get_or_insert(now);
        // A negative time, after the clock was set back, counts as passed.
        if (0..MIN_INTERVAL_MS).contains(&(now.millis() - since.millis())) {
            return None;
        }
        pending.written = Some(now);
        Some(std::mem::take(&mut pending.searches))
    }

    pub(crate) fn take(&self) -> Vec<Vec<Number>> {
        std::mem::take(&mut self.pending.lock().searches)
    }
}

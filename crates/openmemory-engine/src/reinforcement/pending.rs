//! Which searches have not been written yet? Many share a commit, and some leave no trace.

use parking_lot::Mutex;

use openmemory_domain::Timestamp;
use openmemory_rules::Number;

/// Searches that share a commit. Those beyond leave no trace.
const MAX_SEARCHES: usize = 32;

/// The least time between two such commits.
const MIN_INTERVAL_MS: i64 = 10_000;

/// The searches whose hits were not reinforced yet.
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
    /// Adds a search's best hits; gives what is to be written, when it is time.
    pub(crate) fn add(&self, hits: Vec<Number>, now: Timestamp) -> Option<Vec<Vec<Number>>> {
        let mut pending = self.pending.lock();
        if pending.searches.len() < MAX_SEARCHES {
            pending.searches.push(hits);
        }
        let since = *pending.written.get_or_insert(now);
        // Also after the clock was set back.
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

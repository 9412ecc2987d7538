//! Which searches still have to reinforce their hits? Many share a commit, and those beyond a limit are dropped.

use std::collections::HashMap;

use openmemory_domain::Timestamp;
use openmemory_rules::Number;
use parking_lot::Mutex;

use crate::scope_key::ScopeKey;

/// Searches of a scope per commit.
const MAX_SEARCHES: usize = 32;
/// Minimum time between two commits of a scope.
const MIN_INTERVAL_MS: i64 = 10_000;

#[derive(Default)]
struct Searches {
    hits: Vec<Vec<Number>>,
    written: Option<Timestamp>,
}

#[derive(Default)]
pub(crate) struct Pending(Mutex<HashMap<ScopeKey, Searches>>);

impl Pending {
    /// Adds the hits of a search. Returns the searches to commit if the interval has passed.
    pub(crate) fn add(&self, scope: ScopeKey, hits: Vec<Number>, now: Timestamp) -> Option<Vec<Vec<Number>>> {
        let mut pending = self.0.lock();
        let searches = pending.entry(scope).or_default();
        if searches.hits.len() < MAX_SEARCHES {
            searches.hits.push(hits);
        }
        let since = *searches.written.get_or_insert(now);
        if (0..MIN_INTERVAL_MS).contains(&(now.millis() - since.millis())) {
            return None;
        }
        searches.written = Some(now);
        Some(std::mem::take(&mut searches.hits))
    }

    /// All that is left.
    pub(crate) fn take(&self) -> Vec<(ScopeKey, Vec<Vec<Number>>)> {
        let taken = std::mem::take(&mut *self.0.lock());
        taken
            .into_iter()
            .filter(|(_, searches)| !searches.hits.is_empty())
            .map(|(scope, all)| (scope, all.hits))
            .collect()
    }
}

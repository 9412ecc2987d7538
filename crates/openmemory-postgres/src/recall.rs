//! Which searches still have to reinforce their hits? Many share a commit, and those beyond a limit are dropped.

use std::collections::HashMap;
use std::sync::Arc;

use openmemory_domain::Timestamp;
use openmemory_rules::write::reinforce::reinforce;
use openmemory_rules::{Error, Number};
use parking_lot::Mutex;

use crate::scope_key::ScopeKey;
use crate::store::Tenant;
use crate::writer::{Hints, ScopeRow};

/// Searches of a scope per commit.
const MAX_SEARCHES: usize = 32;
/// Hits of a search that are reinforced.
const MAX_HITS: usize = 8;
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
    fn add(&self, scope: ScopeKey, hits: Vec<Number>, now: Timestamp) -> Option<Vec<Vec<Number>>> {
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

    fn take(&self) -> Vec<(ScopeKey, Vec<Vec<Number>>)> {
        let taken = std::mem::take(&mut *self.0.lock());
        taken
            .into_iter()
            .filter(|(_, searches)| !searches.hits.is_empty())
            .map(|(scope, all)| (scope, all.hits))
            .collect()
    }
}

impl Tenant {
    /// Records the hits of a search, by scope. Never waits.
    pub(crate) fn recalled(self: &Arc<Self>, hits: impl Iterator<Item = (ScopeKey, Number)>) {
        let mut by_scope: HashMap<ScopeKey, Vec<Number>> = HashMap::new();
        for (scope, number) in hits.take(MAX_HITS) {
            by_scope.entry(scope).or_default().push(number);
        }
        let now = self.now();
        for (scope, numbers) in by_scope {
            if let Some(searches) = self.pending.add(scope, numbers, now) {
                let tenant = Arc::clone(self);
                tokio::spawn(async move { tenant.reinforce_searches(scope, searches).await });
            }
        }
    }

    /// Commits what searches have left before the store closes.
    pub(crate) async fn finish_recall(self: &Arc<Self>) {
        for (scope, searches) in self.pending.take() {
            self.reinforce_searches(scope, searches).await;
        }
    }

    async fn reinforce_searches(self: &Arc<Self>, scope: ScopeKey, searches: Vec<Vec<Number>>) {
        let numbers = searches.iter().flatten().map(|number| (scope, number.0)).collect();
        let hints = Hints { numbers, ..Hints::default() };
        let row = ScopeRow { key: scope, user: None };
        let reinforced: Result<_, Error> =
            self.commit(vec![row], hints, move |rows| reinforce(rows, &searches, rows.now()).map(drop)).await;
        if let Err(error) = reinforced {
            tracing::debug!(error = %error, "hits were not reinforced");
        }
    }
}

//! When are the hits of searches reinforced? In a commit for many searches of a scope.

use std::collections::HashMap;
use std::sync::Arc;

use openmemory_rules::write::reinforce::reinforce;
use openmemory_rules::{Error, Number};

use crate::job::{Hints, ScopeRow};
use crate::scope_key::ScopeKey;
use crate::store::Tenant;

/// Hits of a search that are reinforced.
const MAX_HITS: usize = 8;
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

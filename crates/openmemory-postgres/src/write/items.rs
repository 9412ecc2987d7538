//! How are the items of a batch committed?

use std::sync::Arc;

use openmemory_calls::outcome::{Outcome, aborted, item_error};
use openmemory_domain::MemoryId;
use openmemory_domain::request::Item;
use openmemory_rules::contract::ItemResult;
use openmemory_rules::{Changes, Error};

use crate::job::{Hints, ScopeRow};
use crate::store::Tenant;
use crate::workspace::Workspace;

impl Tenant {
    /// The scopes of memories, and what a commit reads of them.
    pub(crate) async fn places<'a>(
        self: &Arc<Self>,
        ids: impl Iterator<Item = &'a MemoryId>,
    ) -> Result<(Vec<ScopeRow>, Hints), Error> {
        let (mut scopes, mut hints) = (Vec::new(), Hints::default());
        for id in ids {
            hints.ids.push(id.clone());
            if let Some((key, number)) = self.place(id).await? {
                hints.numbers.push((key, number));
                scopes.push(ScopeRow { key, user: None });
            }
        }
        scopes.sort_by_key(|scope: &ScopeRow| scope.key);
        scopes.dedup();
        Ok((scopes, hints))
    }

    /// Applies the good items in one commit and returns the results of all items in order.
    pub(super) async fn commit_items<I, O, W>(
        self: &Arc<Self>,
        mut scopes: Vec<ScopeRow>,
        hints: Hints,
        items: Vec<ItemResult<I>>,
        atomic: bool,
        apply: W,
    ) -> Result<Vec<ItemResult<O::Answer>>, Error>
    where
        I: Clone + Send + 'static,
        O: Outcome,
        W: Fn(&mut Workspace<'_>, I) -> ItemResult<O> + Send + 'static,
    {
        if items.iter().all(Result::is_err) {
            return Ok(items.into_iter().filter_map(Result::err).map(Err).collect());
        }
        scopes.sort_by_key(|scope| (scope.key, scope.user.is_none()));
        scopes.dedup_by_key(|scope| scope.key);
        let work = move |rows: &mut Workspace<'_>| {
            let applied = rows.attempt(|rows| {
                let apply = |item: ItemResult<I>| item.and_then(|item| rows.attempt(|rows| apply(rows, item)));
                let results: Vec<ItemResult<O>> = items.iter().cloned().map(apply).collect();
                // An error rolls back the writes of the other items.
                if atomic && results.iter().any(Result::is_err) { Err(aborted(results)) } else { Ok(results) }
            });
            Ok(match applied {
                Ok(results) => results.into_iter().map(|result| result.map(Outcome::into_answer)).collect(),
                Err(aborted) => aborted,
            })
        };
        self.commit(scopes, hints, work).await
    }
}

pub(super) fn read_ids(ids: Vec<Item<MemoryId>>) -> Vec<ItemResult<MemoryId>> {
    ids.into_iter().map(|item| item.map_err(item_error)).collect()
}

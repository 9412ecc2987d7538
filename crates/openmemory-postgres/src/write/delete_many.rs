//! How are many memories deleted?

use std::sync::Arc;

use openmemory_domain::MemoryId;
use openmemory_domain::filter::Filter;
use openmemory_domain::request::Item;
use openmemory_rules::contract::{Control, Deleted, DeletedMany, ItemError, ItemResult};
use openmemory_rules::write::delete;
use openmemory_rules::write::forget::{Mentions, delete_and_forget};
use openmemory_rules::{Changes, Error};

use super::items::read_ids;
use crate::job::Hints;
use crate::store::Tenant;
use crate::workspace::Workspace;

/// Deletions per commit.
const DELETE_CHUNK: usize = 256;

impl Tenant {
    pub(crate) async fn delete_many(
        self: &Arc<Self>,
        ids: Vec<Item<MemoryId>>,
    ) -> Result<Vec<ItemResult<Deleted>>, Error> {
        let items = read_ids(ids);
        let (scopes, hints) = self.places(items.iter().flatten()).await?;
        let hints = Hints { sources: true, ..hints };
        let named: Vec<MemoryId> = items.iter().flatten().cloned().collect();
        let work = move |rows: &mut Workspace<'_>| {
            let remove = |item: &ItemResult<MemoryId>| {
                let id = item.clone()?;
                let now = rows.now();
                rows.attempt(|rows| delete_and_forget(rows, id.clone().into(), now))
                    .map(|(_, deleted)| deleted)
                    .map_err(|error| ItemError { id: Some(id.to_string()), error })
            };
            Ok(items.iter().map(remove).collect())
        };
        let deleted = self.commit(scopes, hints, work).await;
        named.iter().for_each(|id| self.forget(id));
        deleted
    }

    /// Deletes the memories of `ids` that still match.
    pub(crate) async fn delete_matching(
        self: &Arc<Self>,
        ids: Vec<MemoryId>,
        filter: Option<Arc<Filter>>,
        control: &Control,
    ) -> Result<DeletedMany, Error> {
        // First, so that nothing is learnt any longer from what waits.
        let promised = self.forget_documents_of(filter.as_deref()).await?;
        let mut deleted = Vec::with_capacity(ids.len());
        self.delete_chunks(&ids, &filter, control, &mut deleted).await?;
        if promised {
            // What was learnt since the caller looked.
            let left = self.ids_matching(filter.clone(), Arc::default()).await?;
            self.delete_chunks(&left, &filter, control, &mut deleted).await?;
        }
        self.forget_users(filter.as_deref()).await?;
        Ok(DeletedMany { deleted: deleted.len(), ids: deleted })
    }

    async fn delete_chunks(
        self: &Arc<Self>,
        ids: &[MemoryId],
        filter: &Option<Arc<Filter>>,
        control: &Control,
        deleted: &mut Vec<String>,
    ) -> Result<(), Error> {
        let total = deleted.len() + ids.len();
        for chunk in ids.chunks(DELETE_CHUNK) {
            if control.is_cancelled() {
                return Err(Error::Interrupted { done: deleted.len(), total });
            }
            let (scopes, hints) = self.places(chunk.iter()).await?;
            let (named, filter) = (chunk.to_vec(), filter.clone());
            let work = move |rows: &mut Workspace<'_>| {
                let mentions = Mentions::of(rows, &named)?;
                let removed = delete::delete_matching(rows, &named, filter.as_deref(), rows.now())?;
                mentions.forget(rows, removed.iter().map(|(_, deleted)| &deleted.memory.version.id))?;
                Ok(removed.into_iter().map(|(_, deleted)| deleted.memory.version.id.to_string()).collect::<Vec<_>>())
            };
            deleted.extend(self.commit(scopes, Hints { sources: true, ..hints }, work).await?);
            chunk.iter().for_each(|id| self.forget(id));
            control.report(deleted.len(), total);
        }
        Ok(())
    }
}

//! How are memories deleted? One by its id, or all that match a filter, in several commits.

use std::sync::Arc;

use super::engine::Engine;
use super::list::scan_range;
use openmemory_domain::MemoryId;
use openmemory_domain::filter::Filter;
use openmemory_domain::request::{Delete, Order, TimeField};
use openmemory_rules::contract::{Control, Deleted, DeletedMany};
use openmemory_rules::write::delete;
use openmemory_rules::write::forget::{Mentions, delete_and_forget};
use openmemory_rules::{Error, Number, Rows};
use openmemory_storage::Transaction;

/// Memories per commit.
const CHUNK: usize = 256;

impl Engine {
    pub async fn delete(&self, request: Delete) -> Result<Deleted, Error> {
        let (now, listeners) = (self.now(), self.listeners());
        let work = move |transaction: &mut Transaction<'_>| delete_and_forget(transaction, request, now);
        let publish = move |(number, deleted): &(Number, Deleted)| listeners.deleted(*number, deleted);
        Ok(self.store.commit(work, publish).await??.1)
    }

    /// Deletes the memories of `ids`, which [`Engine::ids_matching`] has found, that still match.
    pub async fn delete_matching(
        &self,
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
            let left = self.ids_matching(filter.as_deref(), control)?;
            self.delete_chunks(&left, &filter, control, &mut deleted).await?;
        }
        self.forget_users(filter.as_deref()).await?;
        Ok(DeletedMany { deleted: deleted.len(), ids: deleted })
    }

    async fn delete_chunks(
        &self,
        ids: &[MemoryId],
        filter: &Option<Arc<Filter>>,
        control: &Control,
        deleted: &mut Vec<String>,
    ) -> Result<(), Error> {
        let total = deleted.len() + ids.len();
        for chunk in ids.chunks(CHUNK) {
            if control.is_cancelled() {
                return Err(Error::Interrupted { done: deleted.len(), total });
            }
            let (chunk, now, listeners) = (chunk.to_vec(), self.now(), self.listeners());
            let filter = filter.clone();
            let work = move |transaction: &mut Transaction<'_>| {
                let mentions = Mentions::of(transaction, &chunk)?;
                let removed = delete::delete_matching(transaction, &chunk, filter.as_deref(), now)?;
                mentions.forget(transaction, removed.iter().map(|(_, deleted)| &deleted.memory.version.id))?;
                Ok::<_, Error>(removed)
            };
            let publish = move |removed: &Vec<(Number, Deleted)>| {
                removed.iter().for_each(|(number, deleted)| listeners.deleted(*number, deleted));
            };
            let removed = self.store.commit(work, publish).await??;
            deleted.extend(removed.into_iter().map(|(_, deleted)| deleted.memory.version.id.to_string()));
            control.report(deleted.len(), total);
        }
        Ok(())
    }

    /// The ids of all memories that match, including expired ones; all ids without a filter. Blocks.
    pub fn ids_matching(&self, filter: Option<&Filter>, control: &Control) -> Result<Vec<MemoryId>, Error> {
        let mut ids = Vec::new();
        let order = Order { by: TimeField::Created, newest_first: false };
        for number in self.store.by_time(&scan_range(filter, order), order, None) {
            control.check()?;
            let number = number?;
            if let Some(head) = self.store.head(number)?
                && self.matches(number, &head, filter)?
            {
                ids.push(head.id);
            }
        }
        Ok(ids)
    }
}

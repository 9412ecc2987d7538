//! How does a memory go? Content, vectors, links and history for good; a tombstone tells that it was there.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::control::Control;
use super::engine::Engine;
use super::error::Error;
use super::list::among;
use crate::write::apply;
use openmemory_domain::filter::Filter;
use openmemory_domain::request::{Delete, Order, TimeField};
use openmemory_domain::{Memory, MemoryId, Timestamp};
use openmemory_storage::{Number, Records, Tombstone, Transaction};

/// Memories that one commit deletes.
const CHUNK: usize = 256;

/// A memory as it last was.
#[derive(Debug, Clone, PartialEq)]
pub struct Deleted {
    pub memory: Memory,
    pub deleted_at: Timestamp,
}

impl Serialize for Deleted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.memory.serialize_fields(&mut map)?;
        map.serialize_entry("deleted_at", &self.deleted_at.to_string())?;
        map.end()
    }
}

/// What a deletion by filter took.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeletedMany {
    pub deleted: usize,
    pub ids: Vec<String>,
}

impl Engine {
    pub async fn delete(&self, request: Delete) -> Result<Deleted, Error> {
        // Refused before waiting for the index, which only a real deletion changes.
        let (_, head) = self.head(&request.id)?;
        apply::check_version(&request.id, &head, request.if_version)?;
        self.index.ready().await?;
        let (now, listeners) = (self.now(), self.listeners());
        let work = move |transaction: &mut Transaction<'_>| remove(transaction, request, now);
        let publish = move |(number, deleted): &(Number, Deleted)| listeners.deleted(*number, deleted);
        Ok(self.store.commit(work, publish).await??.1)
    }

    /// Deletes those of `ids` that match still, as [`Engine::ids_matching`] has found them.
    pub async fn delete_matching(
        &self,
        ids: Vec<MemoryId>,
        filter: Option<Arc<Filter>>,
        control: &Control,
    ) -> Result<DeletedMany, Error> {
        self.index.ready().await?;
        let mut gone = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            if control.is_cancelled() {
                return Err(Error::Interrupted { done: gone.len(), total: ids.len() });
            }
            let (chunk, now, listeners) = (chunk.to_vec(), self.now(), self.listeners());
            let filter = filter.clone();
            let work = move |transaction: &mut Transaction<'_>| remove_all(transaction, &chunk, filter.as_deref(), now);
            let publish = move |removed: &Vec<(Number, Deleted)>| {
                removed.iter().for_each(|(number, deleted)| listeners.deleted(*number, deleted));
            };
            let removed = self.store.commit(work, publish).await??;
            gone.extend(removed.into_iter().map(|(_, deleted)| deleted.memory.version.id.to_string()));
            control.report(gone.len(), ids.len());
        }
        Ok(DeletedMany { deleted: gone.len(), ids: gone })
    }

    /// Every memory that matches, or all, expired ones too. Blocks, as all that reads the whole store does.
    pub fn ids_matching(&self, filter: Option<&Filter>, control: &Control) -> Result<Vec<MemoryId>, Error> {
        let mut ids = Vec::new();
        let order = Order { by: TimeField::Created, newest_first: false };
        for number in self.store.by_time(&among(filter, order), order, None) {
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

pub(super) fn remove(
    transaction: &mut Transaction<'_>,
    request: Delete,
    now: Timestamp,
) -> Result<(Number, Deleted), Error> {
    let Delete { id, if_version, actor, reason } = request;
    let (number, version) = apply::current(transaction, &id)?;
    apply::check_version(&id, &version, if_version)?;
    let memory = apply::memory(transaction, number, version, now)?;
    let tombstone = Tombstone { deleted_at: now, version: memory.version.number, actor, reason };
    transaction.delete(number, &memory.version, &tombstone)?;
    Ok((number, Deleted { memory, deleted_at: now }))
}

fn remove_all(
    transaction: &mut Transaction<'_>,
    ids: &[MemoryId],
    filter: Option<&Filter>,
    now: Timestamp,
) -> Result<Vec<(Number, Deleted)>, Error> {
    let mut removed = Vec::with_capacity(ids.len());
    for id in ids {
        // What was deleted or changed since the walk is left alone.
        let piece = transaction.attempt(|transaction| {
            let (number, deleted) = remove(transaction, id.clone().into(), now)?;
            let memory = &deleted.memory;
            match filter {
                Some(filter) if !filter.matches(&memory.version, &memory.content) => {
                    Err(Error::NotFound { id: id.clone(), tombstone: None })
                }
                _ => Ok((number, deleted)),
            }
        });
        match piece {
            Ok(deleted) => removed.push(deleted),
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

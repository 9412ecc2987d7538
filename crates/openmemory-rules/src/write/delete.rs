//! What does deleting a memory remove? Its content, vectors, links and history, permanently. A tombstone remains.

use openmemory_domain::filter::Filter;
use openmemory_domain::request::Delete;
use openmemory_domain::{MemoryId, Timestamp};

use super::current::{check_version, current, memory};
use super::links::disconnect;
use crate::changes::Changes;
use crate::contract::Deleted;
use crate::error::Error;
use crate::number::Number;
use crate::tombstone::Tombstone;

/// Deletes a memory permanently and leaves a tombstone.
pub fn delete(changes: &mut impl Changes, request: Delete, now: Timestamp) -> Result<(Number, Deleted), Error> {
    let Delete { id, if_version, actor, reason } = request;
    let (number, version) = current(changes, &id)?;
    check_version(&id, &version, if_version)?;
    let memory = memory(changes, number, version, now)?;
    let tombstone = Tombstone { deleted_at: now, version: memory.version.number, actor, reason };
    disconnect(changes, number)?;
    changes.delete(number, &memory.version, &tombstone)?;
    Ok((number, Deleted { memory, deleted_at: now }))
}

/// Deletes the memories of `ids` that still match `filter`.
pub fn delete_matching(
    changes: &mut impl Changes,
    ids: &[MemoryId],
    filter: Option<&Filter>,
    now: Timestamp,
) -> Result<Vec<(Number, Deleted)>, Error> {
    let mut removed = Vec::with_capacity(ids.len());
    for id in ids {
        // A memory that was deleted or changed since the scan may no longer match.
        let result = changes.attempt(|changes| -> Result<_, Error> {
            let (number, deleted) = delete(changes, id.clone().into(), now)?;
            let memory = &deleted.memory;
            match filter {
                Some(filter) if !filter.matches(&memory.version, &memory.content) => {
                    Err(Error::NotFound { id: id.clone(), tombstone: None })
                }
                _ => Ok((number, deleted)),
            }
        });
        match result {
            Ok(deleted) => removed.push(deleted),
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

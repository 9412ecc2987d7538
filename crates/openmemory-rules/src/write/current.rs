//! Which version does a commit apply to?

use std::sync::Arc;

use openmemory_domain::{ContentHash, Dynamics, Embedding, Memory, MemoryId, Scope, Sectors, Timestamp, Version};

use crate::error::Error;
use crate::number::Number;
use crate::rows::Rows;

/// The number of a memory, and its newest version.
pub fn current(rows: &impl Rows, id: &MemoryId) -> Result<(Number, Version), Error> {
    let head = match rows.number(id)? {
        Some(number) => rows.head(number)?.map(|head| (number, head)),
        None => None,
    };
    match head {
        Some(head) => Ok(head),
        None => Err(Error::NotFound { id: id.clone(), tombstone: rows.tombstone(id)?.map(Box::new) }),
    }
}

/// Rejects a change that expects a version other than the current one.
pub fn check_version(id: &MemoryId, head: &Version, expected: Option<u64>) -> Result<(), Error> {
    match expected {
        Some(expected) if expected != head.number => {
            Err(Error::VersionConflict { id: id.clone(), expected, current: head.number })
        }
        _ => Ok(()),
    }
}

/// A version with its text and dynamics.
pub fn memory(rows: &impl Rows, number: Number, version: Version, now: Timestamp) -> Result<Memory, Error> {
    let dynamics = dynamics(rows, number, &version.scope)?;
    let content = rows.content(number, version.content)?.ok_or(Error::Internal("a memory without its text"))?;
    Ok(Memory { version, content, dynamics, now })
}

pub fn dynamics(rows: &impl Rows, number: Number, scope: &Scope) -> Result<Dynamics, Error> {
    rows.dynamics(number, scope)?.ok_or(Error::Internal("a memory without dynamics"))
}

pub(super) fn known_embedding(
    rows: &impl Rows,
    number: Number,
    scope: &Scope,
    hash: ContentHash,
) -> Result<Arc<Embedding>, Error> {
    rows.embedding(number, scope, hash)?.ok_or(Error::Internal("a text without its vectors"))
}

pub(super) fn classified(embedding: &Embedding) -> Result<Sectors, Error> {
    embedding.classified().ok_or(Error::Internal("a text without a sector"))
}

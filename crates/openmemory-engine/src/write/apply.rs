//! How is one change applied inside a commit? Checked against what is there at that moment, with all that follows.

use std::sync::Arc;

use super::committed::{Committed, IndexChange};
use super::links::link_more;
use super::text::Text;
use crate::error::Error;
use openmemory_domain::patch;
use openmemory_domain::request::{Restore, Update};
use openmemory_domain::{ContentHash, Dynamics, Embedding, Memory, MemoryId, Sectors, Timestamp, Version};
use openmemory_storage::{Number, Records, Transaction};

/// The newest version of `id`, and its number.
pub(crate) fn current(transaction: &Transaction<'_>, id: &MemoryId) -> Result<(Number, Version), Error> {
    let head = match transaction.number(id)? {
        Some(number) => transaction.head(number)?.map(|head| (number, head)),
        None => None,
    };
    match head {
        Some(head) => Ok(head),
        None => Err(Error::NotFound { id: id.clone(), tombstone: transaction.tombstone(id)?.map(Box::new) }),
    }
}

pub(crate) fn check_version(id: &MemoryId, head: &Version, expected: Option<u64>) -> Result<(), Error> {
    match expected {
        Some(expected) if expected != head.number => {
            Err(Error::VersionConflict { id: id.clone(), expected, current: head.number })
        }
        _ => Ok(()),
    }
}

/// Applies an update; `text` is what it sets as content.
pub(crate) fn update(
    transaction: &mut Transaction<'_>,
    update: &Update,
    text: Option<&Text>,
    now: Timestamp,
) -> Result<Committed, Error> {
    let (number, head) = current(transaction, &update.id)?;
    check_version(&update.id, &head, update.if_version)?;
    let (mut content, mut fresh) = (None, None);
    if let Some(text) = text {
        let classified = match &text.embedding {
            _ if text.hash == head.content => head.classified.clone(),
            Some(embedding) => {
                transaction.put_content(number, text.hash, &text.content)?;
                transaction.put_embedding(number, text.hash, embedding)?;
                fresh = Some(Arc::clone(embedding));
                classified(embedding)?
            }
            None => classified(&known_embedding(transaction, number, text.hash)?)?,
        };
        content = Some((text.hash, classified));
    }
    let next = update
        .patch
        .apply(&head, content, now, update.provenance.clone())
        .map_err(|error| Error::of_patch(error, &update.id))?;
    let committed = replace(transaction, number, &head, next, fresh, now)?;
    link_more(transaction, number, text.map_or(&[], |text| &text.related), now)?;
    Ok(committed)
}

/// Makes a copy of an earlier version the newest.
pub(crate) fn restore(
    transaction: &mut Transaction<'_>,
    restore: &Restore,
    text: Option<&Text>,
    now: Timestamp,
) -> Result<Committed, Error> {
    let (number, head) = current(transaction, &restore.id)?;
    check_version(&restore.id, &head, restore.if_version)?;
    let earlier = match restore.version {
        version if version == head.number => head.clone(),
        version => {
            transaction.earlier(number, version)?.ok_or_else(|| Error::NoVersion { id: restore.id.clone(), version })?
        }
    };
    if let Some(embedding) = text.and_then(|text| text.embedding.as_ref()) {
        transaction.put_embedding(number, earlier.content, embedding)?;
    }
    let provenance = restore.provenance.clone();
    let mut next = patch::restore(&head, &earlier, now, provenance.actor, provenance.reason)
        .map_err(|error| Error::of_patch(error, &restore.id))?;
    if next.content != head.content {
        let known = known_embedding(transaction, number, next.content)?;
        next.classified = classified(&known)?;
        return replace(transaction, number, &head, next, Some(Arc::new(known)), now);
    }
    replace(transaction, number, &head, next, None, now)
}

/// Makes `next` the newest version. `vectors` are those of its text, where they are at hand.
fn replace(
    transaction: &mut Transaction<'_>,
    number: Number,
    head: &Version,
    next: Version,
    vectors: Option<Arc<Embedding>>,
    now: Timestamp,
) -> Result<Committed, Error> {
    transaction.replace(number, head, &next)?;
    let (old, new) = (head.sectors(), next.sectors());
    let mut dynamics = dynamics(transaction, number)?;
    if old.primary() != new.primary() {
        dynamics = dynamics.moved_to(&new, now);
        transaction.put_dynamics(number, &dynamics)?;
    }
    let index_change = if head.content != next.content || old != new || head.created_at != next.created_at {
        let known = || known_embedding(transaction, number, next.content).map(Arc::new);
        IndexChange::Document(vectors.map_or_else(known, Ok)?)
    } else if head.tags != next.tags || head.expires_at != next.expires_at {
        IndexChange::Labels
    } else {
        IndexChange::None
    };
    let content = transaction.content(number, next.content)?.ok_or(Error::Internal("a memory without its text"))?;
    Ok(Committed { number, memory: Memory { version: next, content, dynamics, now }, index_change })
}

/// Puts a new memory.
pub(crate) fn insert(
    transaction: &mut Transaction<'_>,
    version: Version,
    text: &Text,
    now: Timestamp,
) -> Result<Committed, Error> {
    if let Some(number) = transaction.number(&version.id)? {
        let current = transaction.head(number)?.map_or(0, |head| head.number);
        return Err(Error::Exists { id: version.id, current });
    }
    let embedding = text.embedding.clone().ok_or(Error::Internal("a new memory without vectors"))?;
    let dynamics = Dynamics::new(&version.sectors(), now);
    let number = transaction.insert(&version, &text.content, &dynamics)?;
    transaction.put_embedding(number, text.hash, &embedding)?;
    let content = text.content.as_str().to_owned();
    Ok(Committed {
        number,
        memory: Memory { version, content, dynamics, now },
        index_change: IndexChange::Document(embedding),
    })
}

/// A version with its text and dynamics.
pub(crate) fn memory(
    transaction: &Transaction<'_>,
    number: Number,
    version: Version,
    now: Timestamp,
) -> Result<Memory, Error> {
    let content = transaction.content(number, version.content)?.ok_or(Error::Internal("a memory without its text"))?;
    Ok(Memory { version, content, dynamics: dynamics(transaction, number)?, now })
}

pub(crate) fn dynamics(records: &impl Records, number: Number) -> Result<Dynamics, Error> {
    records.dynamics(number)?.ok_or(Error::Internal("a memory without dynamics"))
}

fn known_embedding(transaction: &Transaction<'_>, number: Number, hash: ContentHash) -> Result<Embedding, Error> {
    transaction.embedding(number, hash)?.ok_or(Error::Internal("a text without its vectors"))
}

fn classified(embedding: &Embedding) -> Result<Sectors, Error> {
    embedding.classified().ok_or(Error::Internal("a text without a sector"))
}

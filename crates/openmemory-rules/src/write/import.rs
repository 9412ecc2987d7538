//! How is one memory of an export imported? The store may lack it, have the same memory, or have another under its id.

use std::collections::HashSet;

use openmemory_domain::export::{ExportedMemory, ExportedTombstone, Line};
use openmemory_domain::request::OnConflict;
use openmemory_domain::{Memory, Scope, Timestamp};

use super::committed::{Committed, IndexChange};
use super::current::current;
use super::delete::delete;
use super::links::connect;
use crate::changes::Changes;
use crate::error::Error;
use crate::index_entry::IndexedText;
use crate::learning_rows::LearningChanges;
use crate::number::Number;
use crate::rows::Rows;
use crate::tombstone::Tombstone;
use crate::waypoint::Waypoint;

/// What the store has under the id of an exported memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Absent,
    Same,
    /// Another memory, or the same one with a different history.
    Different {
        current: u64,
    },
}

/// How a memory was imported.
pub enum Applied {
    Imported(Committed),
    Replaced { old: Number, scope: Scope, committed: Committed },
    Skipped,
}

pub fn standing(rows: &impl Rows, memory: &ExportedMemory) -> Result<Standing, Error> {
    let Some(number) = rows.number(&memory.id)? else { return Ok(Standing::Absent) };
    let Some(head) = rows.head(number)? else { return Ok(Standing::Absent) };
    let different = Standing::Different { current: head.number };
    if head.number != memory.versions.len() as u64 {
        return Ok(different);
    }
    for exported in &memory.versions {
        let stored =
            if exported.number == head.number { Some(head.clone()) } else { rows.earlier(number, exported.number)? };
        let Some(stored) = stored else { return Ok(different) };
        if stored != memory.version(exported, &stored.classified)? {
            return Ok(different);
        }
    }
    Ok(Standing::Same)
}

/// Imports a memory, whose newest text is `text`. `on_conflict` applies if the store has a different one under its id.
pub fn import(
    changes: &mut impl Changes,
    memory: &ExportedMemory,
    text: &IndexedText,
    on_conflict: OnConflict,
    now: Timestamp,
) -> Result<Applied, Error> {
    match (standing(changes, memory)?, on_conflict) {
        (Standing::Absent, _) => Ok(Applied::Imported(insert(changes, memory, text, now)?)),
        (Standing::Same, _) | (Standing::Different { .. }, OnConflict::Skip) => Ok(Applied::Skipped),
        (Standing::Different { current }, OnConflict::Report) => Err(Error::Differs { id: memory.id.clone(), current }),
        (Standing::Different { .. }, OnConflict::Replace) => {
            let (old, head) = current(changes, &memory.id)?;
            let links = changes.waypoints(old)?;
            delete(changes, memory.id.clone().into(), now)?;
            let committed = insert(changes, memory, text, now)?;
            // A link is exported with the younger memory, which this import may skip, so its links are restored here.
            let links: Vec<_> = links.into_iter().filter(|(other, _)| *other > old).collect();
            connect(changes, committed.number, &links)?;
            Ok(Applied::Replaced { old, scope: head.scope, committed })
        }
    }
}

/// Inserts a memory with its whole history. Only the newest text gets vectors; an earlier one is embedded when it is
/// restored.
fn insert(
    changes: &mut impl Changes,
    memory: &ExportedMemory,
    text: &IndexedText,
    now: Timestamp,
) -> Result<Committed, Error> {
    let classified = text.embedding.classified().ok_or(Error::Internal("a text without a sector"))?;
    let newest = memory.versions.first().ok_or(Error::Internal("an imported memory without a version"))?;
    let head = memory.version(newest, &classified)?;
    let dynamics = memory.dynamics(&head.sectors());
    let mut versions = memory.oldest_first(&classified);
    let mut current = versions.next().ok_or(Error::Internal("an imported memory without a version"))??;
    let oldest = memory.versions.last().ok_or(Error::Internal("an imported memory without a version"))?;
    let number = changes.insert(&current, &oldest.content, &dynamics)?;
    let mut put = HashSet::from([current.content]);
    for version in &memory.versions {
        let hash = version.content.hash();
        if put.insert(hash) {
            changes.put_content(number, hash, &version.content)?;
        }
    }
    for next in versions {
        let next = next?;
        changes.replace(number, &current, &next)?;
        current = next;
    }
    changes.put_indexed_text(number, &head.scope, text)?;
    let mut links = Vec::with_capacity(memory.links.len());
    for link in &memory.links {
        // Skips a link to a memory that is in neither the store nor the file.
        if let Some(other) = changes.number(&link.id)?.filter(|other| *other != number) {
            let waypoint = Waypoint { weight: link.weight, created_at: link.created_at, updated_at: link.updated_at };
            links.push((other, waypoint));
        }
    }
    connect(changes, number, &links)?;
    let content = newest.content.as_str().to_owned();
    let memory = Memory { version: head, content, dynamics, now };
    Ok(Committed { number, memory, index_change: IndexChange::Document(text.clone()) })
}

/// Records that a memory was deleted, unless the store has the memory or a tombstone of it. Returns whether it did.
pub fn insert_tombstone(changes: &mut impl Changes, tombstone: &ExportedTombstone) -> Result<bool, Error> {
    if changes.number(&tombstone.id)?.is_some() || changes.tombstone(&tombstone.id)?.is_some() {
        return Ok(false);
    }
    let ExportedTombstone { deleted_at, version, actor, reason, .. } = tombstone.clone();
    let row = Tombstone { deleted_at, version, actor, reason };
    changes.put_tombstone(&tombstone.id, &row)?;
    Ok(true)
}

/// Keeps a message, a learning or a source, unless the store has it. A source without its memory or its learning is of no
/// use.
pub fn insert_learnt(changes: &mut impl LearningChanges, line: &Line) -> Result<(), Error> {
    match line {
        Line::Message(kept) => {
            if changes.message(kept.scope.user_id.as_deref(), &kept.message_id)?.is_none() {
                changes.put_message(kept)?;
            }
        }
        Line::Learning(kept) => {
            if changes.learning(&kept.learning.id)?.is_none() {
                changes.put_learning(kept)?;
            }
        }
        Line::Source(source) => {
            if let Some(number) = changes.number(&source.memory)?
                && changes.learning(&source.learning)?.is_some()
            {
                changes.put_source(number, source)?;
            }
        }
        Line::Memory(_) | Line::Tombstone(_) | Line::End(_) => {}
    }
    Ok(())
}

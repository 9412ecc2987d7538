//! What is kept of a write until the work is done: its key, how the row was before, and what the feed says.

use std::collections::HashSet;

use openmemory_domain::MemoryId;

use super::key::{Bytes, Key, Place};
use crate::scope_key::ScopeKey;

/// What a commit has done to a memory, for the feed.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) scope: ScopeKey,
    pub(super) number: u64,
    pub(super) id: MemoryId,
    pub(super) version: u64,
    pub(super) kind: i16,
    /// The scope of a deleted memory.
    pub(super) owner: Option<Vec<u8>>,
}

/// How one row was before a write.
pub(super) struct Undo {
    pub(super) key: Key,
    pub(super) before: Option<Bytes>,
    pub(super) was_changed: bool,
}

impl Undo {
    /// Whether the row said before where a memory is.
    pub(super) fn was_placed(&self) -> bool {
        let Some(Some(before)) = &self.before else { return false };
        matches!(self.key, Key::Id(_))
            && postcard::from_bytes::<Place>(before).is_ok_and(|place| place.number.is_some())
    }
}

/// Changed keys in the order of their first write.
#[derive(Default)]
pub(super) struct Changed {
    pub(super) order: Vec<Key>,
    pub(super) known: HashSet<Key>,
}

impl Changed {
    pub(super) fn insert(&mut self, key: Key) {
        if self.known.insert(key.clone()) {
            self.order.push(key);
        }
    }

    pub(super) fn remove(&mut self, key: &Key) {
        self.known.remove(key);
    }
}

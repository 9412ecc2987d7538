//! What does the index need of the memories of a user? Their rows are adjacent, so one pass reads them.

use std::iter::from_fn;

use openmemory_domain::Dynamics;
use openmemory_rules::{IndexedText, Labels, Number};

use crate::error::StorageError;
use crate::rows::backend::Row;
use crate::rows::keys::{self, IndexedKind};
use crate::rows::records::{self, Records};
use crate::store::Store;

/// All that the index keeps of one memory.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexedMemory {
    pub number: Number,
    pub labels: Labels,
    pub dynamics: Dynamics,
    pub text: IndexedText,
}

/// The rows of one memory as far as they have been read.
#[derive(Default)]
struct Parts {
    labels: Option<Labels>,
    dynamics: Option<Dynamics>,
    text: Option<IndexedText>,
}

impl Parts {
    /// `None` if a row is missing: the memory has no vectors yet, or a commit is adding or removing it.
    fn complete(self, number: Number) -> Option<IndexedMemory> {
        let Self { labels: Some(labels), dynamics: Some(dynamics), text: Some(text) } = self else { return None };
        Some(IndexedMemory { number, labels, dynamics, text })
    }
}

impl Store {
    /// The memories of a user, in the order of their numbers. A memory that a commit changes meanwhile may be
    /// missing, or its rows in different states.
    pub fn indexed_memories(
        &self,
        user: Option<&str>,
    ) -> impl Iterator<Item = Result<IndexedMemory, StorageError>> + Send + '_ {
        let prefix = keys::indexed_prefix(user);
        let mut rows = self.backend.rows(&prefix, &keys::after(&prefix), false).peekable();
        from_fn(move || {
            loop {
                let (number, mut parts) = match rows.peek()? {
                    Ok((key, _)) => (keys::parse_indexed(key)?.1, Parts::default()),
                    Err(error) => return Some(Err(error.clone())),
                };
                let same = |row: &Result<Row, StorageError>| {
                    row.as_ref().is_ok_and(|(key, _)| keys::parse_indexed(key).is_some_and(|(_, of, _)| of == number))
                };
                while let Some(Ok(row)) = rows.next_if(same) {
                    if let Err(error) = self.read_part(row, &mut parts) {
                        return Some(Err(error));
                    }
                }
                if let Some(memory) = parts.complete(number) {
                    return Some(Ok(memory));
                }
            }
        })
    }

    fn read_part(&self, (key, row): Row, parts: &mut Parts) -> Result<(), StorageError> {
        let Some((_, _, kind)) = keys::parse_indexed(&key) else { return Ok(()) };
        let Some(payload) = self.payload_of(&key, &row)? else { return Ok(()) };
        match kind {
            IndexedKind::Dynamics => parts.dynamics = Some(records::decode(&payload)?),
            IndexedKind::Labels => parts.labels = Some(records::decode(&payload)?),
            IndexedKind::Text => parts.text = Some(records::decode_indexed_text(&payload)?),
        }
        Ok(())
    }

    /// One memory. While a commit changes it, its rows may be in different states.
    pub fn indexed_memory(&self, user: Option<&str>, number: Number) -> Result<Option<IndexedMemory>, StorageError> {
        let mut parts = Parts::default();
        for kind in IndexedKind::ALL {
            let key = keys::indexed(user, number, kind);
            if let Some(row) = self.raw(&key)? {
                self.read_part((key, row), &mut parts)?;
            }
        }
        Ok(parts.complete(number))
    }

    /// The users who have memories, `None` for memories without a user.
    pub fn users(&self) -> impl Iterator<Item = Result<Option<String>, StorageError>> + '_ {
        let all = keys::all_indexed_prefix();
        let (mut from, end) = (all.clone(), keys::after(&all));
        from_fn(move || {
            let key = match self.backend.rows(&from, &end, false).next()? {
                Ok((key, _)) => key,
                Err(error) => return Some(Err(error)),
            };
            let (user, ..) = keys::parse_indexed(&key)?;
            from = keys::after(&keys::indexed_prefix(user));
            Some(Ok(user.map(str::to_owned)))
        })
    }
}

//! Which memories lack rows that the index needs? All of a store of format 1, and of one whose words were cut otherwise.
//! They get them memory by memory, in commits like all others, so that an interrupted upgrade goes on where it stopped.

use std::sync::Arc;

use openmemory_domain::{Embedding, Version};
use openmemory_rules::Number;

use crate::error::StorageError;
use crate::rows::format1::{self, Indexed};
use crate::rows::keys;
use crate::rows::records::Records;
use crate::store::Store;

/// A memory that lacks rows of this format.
#[derive(Debug)]
pub struct Unindexed {
    pub number: Number,
    pub head: Version,
    pub text: String,
    /// The vectors of the text; `None` if they are missing, because a reindex was interrupted.
    pub embedding: Option<Arc<Embedding>>,
}

impl Store {
    /// How far the store has the rows that the index needs; `None` if it has none of them.
    pub fn indexed(&self) -> Result<Option<Indexed>, StorageError> {
        self.record(&format1::indexed_key())
    }

    /// The memories from a number on, as they are before an upgrade.
    pub fn unindexed(&self, from: Number) -> impl Iterator<Item = Result<Unindexed, StorageError>> + '_ {
        let rows = self.backend.rows(&keys::head(from), &keys::after(&keys::heads_prefix()), false);
        rows.filter_map(|row| match row {
            Ok((key, _)) => keys::trailing_number(&key).and_then(|number| self.unindexed_memory(number).transpose()),
            Err(error) => Some(Err(error)),
        })
    }

    fn unindexed_memory(&self, number: Number) -> Result<Option<Unindexed>, StorageError> {
        let Some(head) = intact(Records::head(self, number))? else { return Ok(None) };
        // A memory without a text that can be read is the doctor's, and vectors that cannot be read are made anew by a
        // reindex.
        let Some(text) = intact(Records::content(self, number, head.content))? else { return Ok(None) };
        let known = intact(Records::indexed_text(self, number, &head.scope))?;
        let embedding = match known.filter(|text| text.content == head.content) {
            Some(text) => Some(text.embedding),
            None => intact(format1::embedding(self, number, head.content))?.map(Arc::new),
        };
        Ok(Some(Unindexed { number, head, text, embedding }))
    }
}

/// What a row has, unless it is damaged.
pub(crate) fn intact<T>(read: Result<Option<T>, StorageError>) -> Result<Option<T>, StorageError> {
    match read {
        Err(StorageError::Corrupted(_)) => Ok(None),
        read => read,
    }
}

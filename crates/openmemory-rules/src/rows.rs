//! Which reads do the rules need?

use std::sync::Arc;

use openmemory_domain::{ContentHash, Dynamics, Embedding, MemoryId, ModelIdentity, Scope, TextKey, Version};

use crate::error::Error;
use crate::index_entry::IndexedText;
use crate::number::Number;
use crate::reindex::Reindex;
use crate::tombstone::Tombstone;
use crate::waypoint::Waypoint;

/// Typed reads of one store, inside or outside a commit.
pub trait Rows {
    /// The number of a memory; `None` if there is no such memory.
    fn number(&self, id: &MemoryId) -> Result<Option<Number>, Error>;

    /// The newest version of a memory.
    fn head(&self, number: Number) -> Result<Option<Version>, Error>;

    /// Whether the memory is there.
    fn exists(&self, number: Number) -> Result<bool, Error> {
        Ok(self.head(number)?.is_some())
    }

    /// An earlier version of a memory.
    fn earlier(&self, number: Number, version: u64) -> Result<Option<Version>, Error>;

    /// A current or earlier text of a memory.
    fn content(&self, number: Number, hash: ContentHash) -> Result<Option<String>, Error>;

    /// The newest text of a memory as the index needs it. `scope` is the memory's.
    fn indexed_text(&self, number: Number, scope: &Scope) -> Result<Option<IndexedText>, Error>;

    /// The vectors of a text that was the newest one before.
    fn replaced_embedding(&self, number: Number, hash: ContentHash) -> Result<Option<Embedding>, Error>;

    /// The vectors of a current or earlier text of a memory.
    fn embedding(&self, number: Number, scope: &Scope, hash: ContentHash) -> Result<Option<Arc<Embedding>>, Error> {
        loop {
            let current = self.indexed_text(number, scope)?;
            if let Some(text) = current.as_ref().filter(|text| text.content == hash) {
                return Ok(Some(Arc::clone(&text.embedding)));
            }
            if let Some(replaced) = self.replaced_embedding(number, hash)? {
                return Ok(Some(Arc::new(replaced)));
            }
            // A commit may have made this text the newest one between the two reads.
            let now = self.indexed_text(number, scope)?.map(|text| text.content);
            if now == current.map(|text| text.content) {
                return Ok(None);
            }
        }
    }

    /// `scope` is the memory's.
    fn dynamics(&self, number: Number, scope: &Scope) -> Result<Option<Dynamics>, Error>;

    fn tombstone(&self, id: &MemoryId) -> Result<Option<Tombstone>, Error>;

    /// The links of a memory, sorted by the number of the other end.
    fn waypoints(&self, number: Number) -> Result<Vec<(Number, Waypoint)>, Error>;

    /// The memories with this current text and scope, oldest first.
    fn numbers_of_text(&self, text: TextKey) -> Result<Vec<Number>, Error>;

    /// The model of the stored vectors; `None` before the first vector.
    fn model(&self) -> Result<Option<ModelIdentity>, Error>;

    fn reindex(&self) -> Result<Option<Reindex>, Error>;
}

//! Which reads do the rules need?

use openmemory_domain::{ContentHash, Dynamics, Embedding, MemoryId, ModelIdentity, TextKey, Version};

use crate::error::Error;
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

    /// An earlier version of a memory.
    fn earlier(&self, number: Number, version: u64) -> Result<Option<Version>, Error>;

    /// A current or earlier text of a memory.
    fn content(&self, number: Number, hash: ContentHash) -> Result<Option<String>, Error>;

    /// The vectors of a current or earlier text of a memory.
    fn embedding(&self, number: Number, hash: ContentHash) -> Result<Option<Embedding>, Error>;

    fn dynamics(&self, number: Number) -> Result<Option<Dynamics>, Error>;

    fn tombstone(&self, id: &MemoryId) -> Result<Option<Tombstone>, Error>;

    /// The links of a memory, sorted by the number of the other end.
    fn waypoints(&self, number: Number) -> Result<Vec<(Number, Waypoint)>, Error>;

    /// The memories with this current text and scope, oldest first.
    fn numbers_of_text(&self, text: TextKey) -> Result<Vec<Number>, Error>;

    /// The model of the stored vectors; `None` before the first vector.
    fn model(&self) -> Result<Option<ModelIdentity>, Error>;

    fn reindex(&self) -> Result<Option<Reindex>, Error>;
}

//! Which writes do the rules need?

use openmemory_domain::{Content, ContentHash, Dynamics, MemoryId, ModelIdentity, Scope, Version};

use crate::error::Error;
use crate::index_entry::IndexedText;
use crate::number::Number;
use crate::reindex::Reindex;
use crate::rows::Rows;
use crate::tombstone::Tombstone;
use crate::waypoint::Waypoint;

/// Typed writes of one commit. Reads see earlier writes of the same commit. Nothing is durable, or visible to other
/// readers, before the commit succeeds.
pub trait Changes: Rows {
    /// Runs `work` under a savepoint: if it fails, only its own writes are rolled back. Savepoints may nest.
    fn attempt<T, E>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E>;

    /// Inserts a new memory with its text, removes any tombstone of its id and returns the assigned number.
    fn insert(&mut self, version: &Version, content: &Content, dynamics: &Dynamics) -> Result<Number, Error>;

    /// Makes `next` the newest version and appends `current` to the history.
    fn replace(&mut self, number: Number, current: &Version, next: &Version) -> Result<(), Error>;

    /// Puts `next` in the place of `current`, which has the same number and differs in its expiry only.
    fn amend(&mut self, number: Number, current: &Version, next: &Version) -> Result<(), Error>;

    /// Removes all rows of a memory and leaves a tombstone. The caller has already removed the links to it.
    fn delete(&mut self, number: Number, head: &Version, tombstone: &Tombstone) -> Result<(), Error>;

    fn put_content(&mut self, number: Number, hash: ContentHash, content: &Content) -> Result<(), Error>;

    /// Stores the newest text as the index needs it. The vectors of the text that it replaces are kept.
    fn put_indexed_text(&mut self, number: Number, scope: &Scope, text: &IndexedText) -> Result<(), Error>;

    fn put_dynamics(&mut self, number: Number, scope: &Scope, dynamics: &Dynamics) -> Result<(), Error>;

    /// Replaces all links of a memory. `links` is sorted by the number of the other end.
    fn put_waypoints(&mut self, number: Number, links: &[(Number, Waypoint)]) -> Result<(), Error>;

    fn put_tombstone(&mut self, id: &MemoryId, tombstone: &Tombstone) -> Result<(), Error>;

    /// Records the model of the stored vectors and clears an unfinished reindex.
    fn put_model(&mut self, model: &ModelIdentity) -> Result<(), Error>;

    fn put_reindex(&mut self, reindex: &Reindex) -> Result<(), Error>;

    /// Builds the index behind [`Rows::numbers_of_text`] in stores that were written before that index existed.
    fn index_texts(&mut self) -> Result<(), Error>;
}

//! Which writes do the rules need?

use openmemory_domain::{Content, ContentHash, Dynamics, Embedding, MemoryId, ModelIdentity, Version};

use crate::error::Error;
use crate::number::Number;
use crate::reindex::Reindex;
use crate::rows::Rows;
use crate::tombstone::Tombstone;
use crate::waypoint::Waypoint;

/// Typed writes of one commit. Reads see what was written before them; nothing is visible to others, or durable, until
/// the commit is.
pub trait Changes: Rows {
    /// Runs a piece of work. If it fails, what it wrote is taken back, and nothing else. Pieces may nest.
    fn attempt<T, E>(&mut self, piece: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E>;

    /// Puts a new memory with its text, removes a tombstone of its id, and returns the number it got.
    fn insert(&mut self, version: &Version, content: &Content, dynamics: &Dynamics) -> Result<Number, Error>;

    /// Makes `next` the newest version, and `current` the last one of the history.
    fn replace(&mut self, number: Number, current: &Version, next: &Version) -> Result<(), Error>;

    /// Removes everything of a memory, leaving a tombstone. Links are taken out of the other ends beforehand.
    fn delete(&mut self, number: Number, head: &Version, tombstone: &Tombstone) -> Result<(), Error>;

    fn put_content(&mut self, number: Number, hash: ContentHash, content: &Content) -> Result<(), Error>;

    fn put_embedding(&mut self, number: Number, hash: ContentHash, embedding: &Embedding) -> Result<(), Error>;

    fn put_dynamics(&mut self, number: Number, dynamics: &Dynamics) -> Result<(), Error>;

    /// Replaces all links of a memory; they are ordered by the number of the other end.
    fn put_waypoints(&mut self, number: Number, links: &[(Number, Waypoint)]) -> Result<(), Error>;

    fn put_tombstone(&mut self, id: &MemoryId, tombstone: &Tombstone) -> Result<(), Error>;

    /// Names the model of the store's vectors, which ends a change of model.
    fn put_model(&mut self, model: &ModelIdentity) -> Result<(), Error>;

    fn put_reindex(&mut self, reindex: &Reindex) -> Result<(), Error>;

    /// Makes [`Rows::numbers_of_text`] complete in stores that were written before it existed.
    fn index_texts(&mut self) -> Result<(), Error>;
}

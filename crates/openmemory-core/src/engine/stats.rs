//! How large is the store, and what is in it?

use serde::Serialize;

use super::error::Error;
use super::open::Engine;
use crate::domain::ModelIdentity;
use crate::storage::Records;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stats {
    pub memories: u64,
    /// Users whose vectors are in the index; memories without a user count as one.
    pub users: usize,
    pub vectors: usize,
    /// Memory that the index takes.
    pub index_bytes: usize,
    pub bytes_on_disk: u64,
    /// The model of the stored vectors; none before the first memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelIdentity>,
    /// The model that a reindex is changing over to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reindexing_to: Option<ModelIdentity>,
}

impl Engine {
    pub fn stats(&self) -> Result<Stats, Error> {
        let usage = self.vectors.usage();
        Ok(Stats {
            memories: self.store.count()?,
            users: usage.users,
            vectors: usage.vectors,
            index_bytes: usage.bytes,
            bytes_on_disk: self.store.bytes_on_disk()?,
            model: self.store.model()?,
            reindexing_to: self.store.reindex()?.map(|reindex| reindex.target),
        })
    }
}

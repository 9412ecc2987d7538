//! How large is the store, and what is in it?

use serde::Serialize;

use super::engine::Engine;
use openmemory_domain::ModelIdentity;
use openmemory_rules::{Error, Rows};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stats {
    pub memories: u64,
    /// Users whose vectors are in the index; memories without a user count as one.
    pub users: usize,
    pub vectors: usize,
    /// Memory that the index takes.
    pub index_bytes: usize,
    /// Bytes of all files of the directory.
    pub bytes_on_disk: u64,
    /// Bytes of what is stored, each row counted once.
    pub live_bytes: u64,
    /// What was damaged when the store was opened, and has been put right from the checkpoint and the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repaired: Option<String>,
    /// Why the last checkpoint could not be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_problem: Option<String>,
    /// The model of the stored vectors; none before the first memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelIdentity>,
    /// The model that a reindex is changing over to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reindexing_to: Option<ModelIdentity>,
}

impl Engine {
    pub fn stats(&self) -> Result<Stats, Error> {
        let usage = self.index.usage();
        let files = self.store.usage()?;
        Ok(Stats {
            memories: self.store.count()?,
            users: usage.users,
            vectors: usage.vectors,
            index_bytes: usage.bytes,
            bytes_on_disk: files.bytes_on_disk,
            live_bytes: files.live_bytes,
            repaired: self.store.repaired().map(str::to_owned),
            checkpoint_problem: files.checkpoint_problem.map(|problem| problem.to_string()),
            model: self.store.model()?,
            reindexing_to: self.store.reindex()?.map(|reindex| reindex.target),
        })
    }
}

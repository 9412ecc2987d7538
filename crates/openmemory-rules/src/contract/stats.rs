//! How large is a store, and what is in it?

use openmemory_domain::{ModelIdentity, Timestamp};
use serde::Serialize;

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

/// A user, agent, app or run with at least one memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityStats {
    /// `user_id`, `agent_id`, `app_id` or `run_id`.
    pub field: &'static str,
    pub value: String,
    pub memories: u64,
    pub first_created: Timestamp,
    pub last_updated: Timestamp,
}

/// How much a sector holds, as OpenMemory counts it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SectorStats {
    pub sector: &'static str,
    /// Memories whose primary sector it is.
    pub count: u64,
    /// The mean of their saliences; 0 where there are none.
    pub avg_salience: f64,
}

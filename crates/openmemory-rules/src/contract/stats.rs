//! How large is a store, and what is in it?

use openmemory_domain::{ModelIdentity, Timestamp};
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stats {
    pub memories: u64,
    /// Users whose memories are loaded for search. All memories without a user count as one user.
    pub users: usize,
    /// Vectors that are loaded.
    pub vectors: usize,
    /// Memory that the loaded users take.
    pub index_bytes: usize,
    /// Memory that the loaded users of all stores of the process may take.
    pub index_memory: usize,
    /// Size of all files in the directory.
    pub bytes_on_disk: u64,
    /// Logical size: bytes of all rows, without the overhead of the files.
    pub live_bytes: u64,
    /// What was damaged when the store was opened, and was repaired from the checkpoint and the redo log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repaired: Option<String>,
    /// Why the last checkpoint failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_problem: Option<String>,
    /// The model of the stored vectors; absent before the first memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelIdentity>,
    /// The target model of an unfinished reindex.
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

/// Statistics of a sector, as OpenMemory defines them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SectorStats {
    pub sector: &'static str,
    /// Memories with this primary sector.
    pub count: u64,
    /// Mean salience of these memories; 0 if there are none.
    pub avg_salience: f64,
}

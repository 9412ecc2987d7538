//! What did a long piece of work do?

use openmemory_domain::ModelIdentity;
use serde::Serialize;

/// What a compaction has done to the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Compacted {
    pub bytes_before: u64,
    pub bytes_after: u64,
}

/// What a reindex did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reindexed {
    /// Memories embedded anew in this run.
    pub reindexed: usize,
    pub model: ModelIdentity,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackedUp {
    pub memories: u64,
    pub bytes: u64,
}

/// What an export wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    pub memories: u64,
    /// Versions of these memories, the newest ones included.
    pub versions: u64,
    /// Ids of deleted memories; none where a filter was given, since nothing is left of them to match.
    pub tombstones: u64,
    pub bytes: u64,
}

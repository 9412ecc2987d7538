//! What do compaction, reindexing, backup and export report?

use openmemory_domain::ModelIdentity;
use serde::Serialize;

/// Size of the files before and after a compaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Compacted {
    pub bytes_before: u64,
    pub bytes_after: u64,
}

/// Result of a reindex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reindexed {
    /// Memories embedded by this run.
    pub reindexed: usize,
    pub model: ModelIdentity,
}

/// Contents of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackedUp {
    pub memories: u64,
    pub bytes: u64,
}

/// Contents of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    pub memories: u64,
    /// Versions of these memories, including the current ones.
    pub versions: u64,
    /// Ids of deleted memories; 0 with a filter, because a tombstone keeps nothing that a filter could match.
    pub tombstones: u64,
    pub bytes: u64,
}

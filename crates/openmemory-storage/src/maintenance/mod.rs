//! How do the files stay small while commits go on? Checkpoints, compaction, backups.

pub(crate) mod checkpointer;
pub(crate) mod compaction;
pub(crate) mod usage;

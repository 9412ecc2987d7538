//! How do the files stay small while commits go on? Checkpointer, compaction, backups.

pub(crate) mod checkpointer;
pub(crate) mod compaction;
pub(crate) mod usage;

//! How do the files stay small while commits continue? Checkpoints and compaction.

pub(crate) mod checkpointer;
pub(crate) mod compaction;
pub(crate) mod usage;

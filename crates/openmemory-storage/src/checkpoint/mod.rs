//! How are all rows copied to a checkpoint, so that older log segments can be removed?

pub(crate) mod format;
pub(crate) mod snapshot;

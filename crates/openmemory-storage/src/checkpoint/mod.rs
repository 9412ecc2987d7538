//! How are all rows written a second time, so that the log before them can go?

pub(crate) mod format;
pub(crate) mod snapshot;

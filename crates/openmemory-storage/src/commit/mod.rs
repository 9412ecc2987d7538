//! How do several changes become one, and many commits one sync?

pub(crate) mod changes;
pub(crate) mod created_at;
pub(crate) mod pipeline;
pub(crate) mod progress;
pub(crate) mod signal;
pub(crate) mod transaction;
pub(crate) mod writer;

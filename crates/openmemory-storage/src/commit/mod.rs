//! How are changes combined into transactions, and commits into groups that share a sync?

pub(crate) mod changes;
pub(crate) mod created_at;
mod learning;
pub(crate) mod pipeline;
pub(crate) mod progress;
pub(crate) mod signal;
pub(crate) mod transaction;
pub(crate) mod writer;

//! How does a commit become durable with one sync, and how is the log read back?

pub(crate) mod ack_watermark;
pub(crate) mod log;
pub(crate) mod redo_log;
pub(crate) mod segment;

//! Which rows exist, under which keys, and how are they encoded, read and counted?

pub(crate) mod backend;
pub(crate) mod digest;
pub(crate) mod envelope;
pub(crate) mod keys;
pub(crate) mod records;
pub(crate) mod typed;

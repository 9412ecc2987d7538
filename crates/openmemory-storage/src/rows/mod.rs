//! Which rows exist, what are their keys, and how are they encoded, read and digested?

pub(crate) mod backend;
pub(crate) mod digest;
pub(crate) mod envelope;
pub(crate) mod format1;
pub(crate) mod keys;
pub(crate) mod page_fill;
pub(crate) mod records;
pub(crate) mod typed;

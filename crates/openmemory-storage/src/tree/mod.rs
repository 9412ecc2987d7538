//! How does sled store the rows? This is the only module that knows sled.

pub(crate) mod sled_tree;
pub(crate) mod swap;

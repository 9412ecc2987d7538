//! How does sled keep the rows? The only module that knows sled.

pub(crate) mod sled_tree;
pub(crate) mod swap;

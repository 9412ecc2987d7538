//! Which files make up a store, who locks them, and how are they created, synced and removed?

pub(crate) mod disk;
pub(crate) mod fingerprint;
pub(crate) mod layout;
pub(crate) mod lock;
pub(crate) mod manifest;
pub(crate) mod prune;
pub(crate) mod scratch;
pub(crate) mod space;

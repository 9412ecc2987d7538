//! How is a store recovered when it is opened?

pub(crate) mod recover;

//! How does a directory become a store again?

pub(crate) mod recover;

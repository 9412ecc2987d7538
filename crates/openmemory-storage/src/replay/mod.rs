//! What state must the store have, given the checkpoint and the log, and how is a tree built from them?

pub(crate) mod expected_state;
pub(crate) mod rebuild;

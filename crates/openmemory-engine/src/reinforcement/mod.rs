//! How does retrieval reinforce memories?

pub(crate) mod pending;
mod record;

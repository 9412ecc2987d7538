//! What has a commit changed, and what of that must the index know?

use std::sync::Arc;

use openmemory_domain::{Embedding, Memory};

use crate::number::Number;

/// What a commit made of one memory.
#[derive(Clone)]
pub struct Committed {
    pub number: Number,
    pub memory: Memory,
    pub index_change: IndexChange,
}

/// How much of what the index knows of a memory a commit changes.
#[derive(Clone)]
pub enum IndexChange {
    None,
    /// Tags and expiry.
    Labels,
    /// Text, vectors or sectors too; the vectors are these.
    Document(Arc<Embedding>),
}

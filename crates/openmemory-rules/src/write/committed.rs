//! What did a commit change, and which of it does the index have to apply?

use std::sync::Arc;

use openmemory_domain::{Embedding, Memory};

use crate::number::Number;

/// A memory as a commit left it.
#[derive(Clone)]
pub struct Committed {
    pub number: Number,
    pub memory: Memory,
    pub index_change: IndexChange,
}

/// Which of a memory's data in the index a commit changes.
#[derive(Clone)]
pub enum IndexChange {
    None,
    /// Tags and expiry.
    Labels,
    /// Also text, vectors or sectors; contains the vectors.
    Document(Arc<Embedding>),
}

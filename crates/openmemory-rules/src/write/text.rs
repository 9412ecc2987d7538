//! A text ready for a commit.

use std::sync::Arc;

use openmemory_domain::{Content, ContentHash, Embedding};

use super::links::Related;

/// A text ready for a commit.
#[derive(Clone)]
pub struct Text {
    pub content: Content,
    pub hash: ContentHash,
    /// None where the memory has its vectors already.
    pub embedding: Option<Arc<Embedding>>,
    /// What a memory that gets this text may be linked to.
    pub related: Vec<Related>,
}

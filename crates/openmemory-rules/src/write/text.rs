//! What does a commit need to store a text?

use std::sync::Arc;

use openmemory_domain::{Content, ContentHash, Embedding};

use super::links::Related;
use crate::words::Words;

/// A text ready for a commit.
#[derive(Clone)]
pub struct Text {
    pub content: Content,
    pub hash: ContentHash,
    pub words: Words,
    /// `None` if the memory already has its vectors.
    pub embedding: Option<Arc<Embedding>>,
    /// Candidates for links of the memory that gets this text.
    pub related: Vec<Related>,
}

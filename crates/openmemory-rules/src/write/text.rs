//! What does a commit need to store a text?

use std::sync::Arc;

use openmemory_domain::{Content, ContentHash, Embedding, Scope};

use super::current::known_embedding;
use super::links::Related;
use crate::error::Error;
use crate::index_entry::IndexedText;
use crate::number::Number;
use crate::rows::Rows;
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

impl Text {
    /// The text as the index needs it, for memory `number`.
    pub(super) fn indexed(&self, rows: &impl Rows, number: Number, scope: &Scope) -> Result<IndexedText, Error> {
        let embedding = match &self.embedding {
            Some(embedding) => Arc::clone(embedding),
            None => known_embedding(rows, number, scope, self.hash)?,
        };
        Ok(IndexedText { content: self.hash, words: self.words.clone(), embedding })
    }
}

//! What does the index need of a text? It is prepared before the commit that stores it.

use std::sync::Arc;

use openmemory_domain::{Content, Embedding};
use openmemory_index::Terms;
use openmemory_rules::{IndexedText, Words};

/// The words of a text as the index keeps them.
pub fn words(text: &str) -> Words {
    Words::new(Terms::of(text).encode())
}

/// A text as the index needs it.
pub fn indexed_text(content: &Content, embedding: Arc<Embedding>) -> IndexedText {
    IndexedText { content: content.hash(), words: words(content.as_str()), embedding }
}

//! What does an embedder make of a text?

use std::ops::Range;

/// A part of a passage that says one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// Bytes of the text that it covers.
    pub range: Range<usize>,
    /// Its length as the model sees it, at least 1.
    pub tokens: usize,
    /// Finite, of length 1 (L2).
    pub vector: Vec<f32>,
}

/// As much of a text as the model reads at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Bytes of the text that it covers.
    pub range: Range<usize>,
    /// Its length as the model sees it, at least 1.
    pub tokens: usize,
    /// Finite, of length 1 (L2).
    pub vector: Vec<f32>,
    /// At least one; in order they cover the passage without a gap.
    pub sentences: Vec<Sentence>,
}

impl Passage {
    pub(crate) fn moved(mut self, by: usize) -> Self {
        let shift = |range: &mut Range<usize>| *range = range.start + by..range.end + by;
        shift(&mut self.range);
        self.sentences.iter_mut().for_each(|sentence| shift(&mut sentence.range));
        self
    }
}

//! What does an embedder return for a text?

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// A statement within a passage.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// Tokens of the model, at least 1.
    pub tokens: usize,
    /// Finite, of length 1 (L2).
    pub vector: Vec<f32>,
}

/// A part of a text that the model reads at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// Tokens of the model, at least 1.
    pub tokens: usize,
    /// Finite, of length 1 (L2).
    pub vector: Vec<f32>,
    /// At least one; they cover the passage without a gap, in order.
    pub sentences: Vec<Sentence>,
}

impl Passage {
    /// A text as one passage, represented by one vector.
    pub fn of_whole(text: &str, vector: Vec<f32>) -> Self {
        let tokens = text.unicode_words().count().max(1);
        let sentence = Sentence { range: 0..text.len(), tokens, vector: vector.clone() };
        Self { range: 0..text.len(), tokens, vector, sentences: vec![sentence] }
    }

    /// The same passage of a text in which it begins `by` bytes later.
    pub fn shifted(mut self, by: usize) -> Self {
        let shift = |range: &mut Range<usize>| *range = range.start + by..range.end + by;
        shift(&mut self.range);
        self.sentences.iter_mut().for_each(|sentence| shift(&mut sentence.range));
        self
    }
}

//! What does an embedding model provide?

use std::ops::Range;

use openmemory_domain::ModelIdentity;

use crate::error::EmbeddingError;
use crate::passage::Passage;

/// The first step of embedding a text or a query.
pub enum FirstPass<T> {
    /// It fits into the model's window, and is embedded.
    Whole(T),
    /// It is longer: the ranges of its parts.
    Cut(Vec<Range<usize>>),
}

/// Turns text into vectors. Every call blocks, so it belongs on an [`EmbeddingPool`](crate::EmbeddingPool).
pub trait Embedder: Send + Sync {
    /// The identity of the model, which may have to be loaded.
    fn identity(&self) -> Result<ModelIdentity, EmbeddingError>;

    /// Splits a text into ranges of bytes that are short enough for [`Embedder::embed`]. The ranges cover the text
    /// without a gap, and there is at least one, even for an empty text.
    fn cut(&self, text: &str) -> Result<Vec<Range<usize>>, EmbeddingError>;

    /// Embeds a text that fits into one passage, and splits a longer one as [`Embedder::cut`] does.
    fn begin(&self, text: &str) -> Result<FirstPass<Passage>, EmbeddingError> {
        let ranges = self.cut(text)?;
        let [range] = &ranges[..] else { return Ok(FirstPass::Cut(ranges)) };
        let embedded = self.embed(&[&text[range.clone()]]).pop();
        Ok(FirstPass::Whole(
            embedded.unwrap_or_else(|| Err(EmbeddingError::failed("the embedder returned no passage")))?,
        ))
    }

    /// Embeds pieces of texts, each as one passage. Ranges are relative to the start of the piece.
    fn embed(&self, pieces: &[&str]) -> Vec<Result<Passage, EmbeddingError>>;

    /// The vector of a query, of length 1 (L2), to compare with those of passages and sentences.
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError>;

    /// Embeds a query that fits into the model's window, and splits a longer one.
    fn begin_query(&self, text: &str) -> Result<FirstPass<Vec<f32>>, EmbeddingError> {
        Ok(FirstPass::Whole(self.query(text)?))
    }

    /// The vector of a part of a query, of length 1 (L2), and its weight among the others.
    fn query_part(&self, part: &str) -> Result<(Vec<f32>, usize), EmbeddingError> {
        Ok((self.query(part)?, 1))
    }

    /// Whether the model reads scripts without spaces, such as Chinese.
    fn is_multilingual(&self) -> bool {
        true
    }

    /// The mean cosine of a text as a query and the same text as a passage: less than 1 if the model tells them apart.
    fn echo(&self) -> f32 {
        1.0
    }

    /// How much more a difference of two cosines tells than the same difference of the shipped model's, once both are
    /// spread alike: more than 1 for a model that knows better what answers a question.
    fn contrast(&self) -> f32 {
        1.0
    }

    /// The best number of pieces for a call of [`Embedder::embed`]; 1 if batches are not faster.
    fn batch(&self) -> usize {
        1
    }

    /// The passages of a text: at least one, covering it without a gap.
    fn passages(&self, text: &str) -> Result<Vec<Passage>, EmbeddingError> {
        let ranges = self.cut(text)?;
        let pieces: Vec<&str> = ranges.iter().map(|range| &text[range.clone()]).collect();
        let embedded = pieces.chunks(self.batch().max(1)).flat_map(|pieces| self.embed(pieces));
        embedded.zip(&ranges).map(|(passage, range)| Ok(passage?.shifted(range.start))).collect()
    }

    /// The passages of each text, in order. A failure affects only its own text.
    fn passages_of(&self, texts: &[&str]) -> Vec<Result<Vec<Passage>, EmbeddingError>> {
        let cuts: Vec<_> = texts.iter().map(|text| self.cut(text)).collect();
        let pieces: Vec<&str> = cuts
            .iter()
            .zip(texts)
            .flat_map(|(cut, text)| cut.iter().flatten().map(|range| &text[range.clone()]))
            .collect();
        let mut embedded = pieces.chunks(self.batch().max(1)).flat_map(|pieces| self.embed(pieces));
        cuts.into_iter().map(|cut| collect(cut?, &mut embedded)).collect()
    }
}

/// Takes one passage per range from `embedded`. After a failure the remaining ones are still taken, so that the next
/// text gets its own.
pub(crate) fn collect(
    ranges: Vec<Range<usize>>,
    embedded: &mut dyn Iterator<Item = Result<Passage, EmbeddingError>>,
) -> Result<Vec<Passage>, EmbeddingError> {
    let found: Vec<_> = embedded.take(ranges.len()).collect();
    if found.len() != ranges.len() {
        return Err(EmbeddingError::failed("the embedder returned too few passages"));
    }
    found.into_iter().zip(ranges).map(|(passage, range)| Ok(passage?.shifted(range.start))).collect()
}

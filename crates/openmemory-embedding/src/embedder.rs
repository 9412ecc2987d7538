//! What must a model offer?

use std::ops::Range;

use openmemory_domain::ModelIdentity;

use crate::error::EmbeddingError;
use crate::passage::Passage;

/// How a text begins to be embedded.
pub enum FirstPass {
    /// It is one passage, and done.
    Whole(Passage),
    /// It is longer: as [`Embedder::cut`] says.
    Cut(Vec<Range<usize>>),
}

/// Turns text into vectors. Every call blocks: it belongs on an [`EmbeddingPool`](crate::EmbeddingPool).
pub trait Embedder: Send + Sync {
    /// Which model this is. May load the model to find out.
    fn identity(&self) -> Result<ModelIdentity, EmbeddingError>;

    /// Cuts a text into ranges of bytes, each short enough for [`Embedder::embed`]. There is at
    /// least one, also for an empty text, and in order they cover the text without a gap.
    fn cut(&self, text: &str) -> Result<Vec<Range<usize>>, EmbeddingError>;

    /// Embeds a text that is short enough, and cuts a longer one.
    fn begin(&self, text: &str) -> Result<FirstPass, EmbeddingError> {
        let ranges = self.cut(text)?;
        let [range] = &ranges[..] else { return Ok(FirstPass::Cut(ranges)) };
        let embedded = self.embed(&[&text[range.clone()]]).pop();
        Ok(FirstPass::Whole(
            embedded.unwrap_or_else(|| Err(EmbeddingError::failed("the embedder returned no passage")))?,
        ))
    }

    /// Embeds pieces of texts, each as one passage whose ranges count from the piece's start.
    fn embed(&self, pieces: &[&str]) -> Vec<Result<Passage, EmbeddingError>>;

    /// The vector, of length 1 (L2), to compare with those of passages and sentences.
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError>;

    /// Whether it knows scripts that are written without spaces, such as Chinese.
    fn is_multilingual(&self) -> bool {
        true
    }

    /// How many pieces one call of [`Embedder::embed`] should get; 1 if more at once is no faster.
    fn batch(&self) -> usize {
        1
    }

    /// The whole text in passages: at least one, covering it without a gap.
    fn passages(&self, text: &str) -> Result<Vec<Passage>, EmbeddingError> {
        let ranges = self.cut(text)?;
        let pieces: Vec<&str> = ranges.iter().map(|range| &text[range.clone()]).collect();
        let embedded = pieces.chunks(self.batch().max(1)).flat_map(|pieces| self.embed(pieces));
        embedded.zip(&ranges).map(|(passage, range)| Ok(passage?.moved(range.start))).collect()
    }

    /// The passages of each text, in order. A text that fails does not fail the others.
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

/// The next passages of `embedded`, one for each range. All are taken, also after a failure, so
/// that the next text finds its own.
pub(crate) fn collect(
    ranges: Vec<Range<usize>>,
    embedded: &mut dyn Iterator<Item = Result<Passage, EmbeddingError>>,
) -> Result<Vec<Passage>, EmbeddingError> {
    let found: Vec<_> = embedded.take(ranges.len()).collect();
    if found.len() != ranges.len() {
        return Err(EmbeddingError::failed("the embedder returned too few passages"));
    }
    found.into_iter().zip(ranges).map(|(passage, range)| Ok(passage?.moved(range.start))).collect()
}

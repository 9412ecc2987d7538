//! How does a function of the caller's embed a text?

use std::ops::Range;
use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

use super::passages::passages;
use super::pooling::{blended, normalised};
use super::{Embedder, EmbeddingError, ModelIdentity, Passage, Sentence};

/// Characters of one passage: well within the window of every common service.
const WINDOW: usize = 2_000;
/// Calls at once: most functions wait for a service, not for this machine's processors.
const CALLS: usize = 16;
/// Passages of one call.
const BATCH: usize = 256;

/// Gets texts, returns their vectors one after the other in one flat list, or says why not.
pub type EmbedCall = Arc<dyn Fn(Vec<String>) -> Result<Vec<f32>, String> + Send + Sync>;

/// A model behind a function. Vectors need not be normalised; a passage is its one sentence.
#[derive(Clone)]
pub struct ExternalEmbedder {
    pub identity: ModelIdentity,
    /// Called with 1 to 256 texts of at most 2000 characters each, from several threads.
    pub call: EmbedCall,
}

impl ExternalEmbedder {
    fn vectors(&self, pieces: &[&str]) -> Result<Vec<Result<Vec<f32>, EmbeddingError>>, EmbeddingError> {
        let dimensions = self.identity.dimensions;
        let texts = pieces.iter().map(|piece| (*piece).to_owned()).collect();
        let flat = (self.call)(texts).map_err(EmbeddingError::failed)?;
        if dimensions == 0 || flat.len() != pieces.len() * dimensions {
            return Err(EmbeddingError::failed(format!(
                "embed returned {} numbers for {} texts of {dimensions} dimensions, expected {}",
                flat.len(),
                pieces.len(),
                pieces.len() * dimensions,
            )));
        }
        Ok(flat.chunks_exact(dimensions).map(|vector| normalised(vector.to_vec())).collect())
    }
}

impl Embedder for ExternalEmbedder {
    fn identity(&self) -> Result<ModelIdentity, EmbeddingError> {
        Ok(self.identity.clone())
    }

    fn cut(&self, text: &str) -> Result<Vec<Range<usize>>, EmbeddingError> {
        let characters: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        Ok(passages(text, &characters, WINDOW))
    }

    fn embed(&self, pieces: &[&str]) -> Vec<Result<Passage, EmbeddingError>> {
        let mut found = Vec::with_capacity(pieces.len());
        for pieces in pieces.chunks(BATCH) {
            match self.vectors(pieces) {
                Ok(vectors) => {
                    found.extend(vectors.into_iter().zip(pieces).map(|(vector, piece)| Ok(whole(piece, vector?))))
                }
                Err(error) => found.extend(pieces.iter().map(|_| Err(error.clone()))),
            }
        }
        found
    }

    /// A query longer than a passage counts whole: its parts, weighted by their length.
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
        let parts = self.passages(text)?;
        blended(parts.iter().map(|part| (&part.vector[..], part.range.len().max(1))), self.identity.dimensions)
    }

    fn at_once(&self) -> Option<usize> {
        Some(CALLS)
    }

    fn batch(&self) -> usize {
        BATCH
    }
}

fn whole(piece: &str, vector: Vec<f32>) -> Passage {
    let tokens = piece.unicode_words().count().max(1);
    let sentence = Sentence { range: 0..piece.len(), tokens, vector: vector.clone() };
    Passage { range: 0..piece.len(), tokens, vector, sentences: vec![sentence] }
}

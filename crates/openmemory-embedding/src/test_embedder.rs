//! What replaces a model in tests? A fast and deterministic hash.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::passages::passages;
use super::pooling::{normalised, sum};
use super::sentences::sentences;
use super::{Embedder, EmbeddingError, ModelIdentity, Passage, Sentence};

const DIMENSIONS: usize = 256;
/// Words per passage.
const WINDOW: usize = 256;

/// Hashes lower-case words and their letter trigrams, so that texts with common words or parts of words are similar.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestEmbedder;

impl Embedder for TestEmbedder {
    fn identity(&self) -> Result<ModelIdentity, EmbeddingError> {
        Ok(ModelIdentity { id: "test".to_owned(), dimensions: DIMENSIONS })
    }

    fn cut(&self, text: &str) -> Result<Vec<Range<usize>>, EmbeddingError> {
        Ok(passages(text, &word_starts(text), WINDOW))
    }

    fn embed(&self, pieces: &[&str]) -> Vec<Result<Passage, EmbeddingError>> {
        pieces.iter().map(|piece| passage(piece)).collect()
    }

    fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
        vector(text)
    }

    fn batch(&self) -> usize {
        64
    }
}

fn passage(text: &str) -> Result<Passage, EmbeddingError> {
    let starts = word_starts(text);
    let sentences = sentences(text, &starts)
        .into_iter()
        .map(|(range, tokens)| {
            let vector = vector(&text[range.clone()])?;
            Ok(Sentence { range, tokens: tokens.max(1), vector })
        })
        .collect::<Result<_, EmbeddingError>>()?;
    let tokens = starts.len().max(1);
    Ok(Passage { range: 0..text.len(), tokens, vector: vector(text)?, sentences })
}

fn word_starts(text: &str) -> Vec<usize> {
    text.unicode_word_indices().map(|(at, _)| at).collect()
}

fn vector(text: &str) -> Result<Vec<f32>, EmbeddingError> {
    let mut features = Vec::new();
    for word in text.unicode_words() {
        let word = word.to_lowercase();
        features.push((hash(&word), 1.0));
        let letters: Vec<char> = word.chars().collect();
        for triple in letters.windows(3) {
            features.push((hash(&triple.iter().collect::<String>()), 0.5));
        }
    }
    if features.is_empty() {
        features.push((hash(text), 1.0));
    }
    let mut vector = sum(std::iter::empty(), DIMENSIONS);
    for (hash, weight) in &features {
        let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
        vector[*hash as usize % DIMENSIONS] += sign * weight;
    }
    if vector.iter().all(|value| *value == 0.0) {
        vector[features[0].0 as usize % DIMENSIONS] = 1.0;
    }
    normalised(vector)
}

fn hash(text: &str) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..8]);
    u64::from_le_bytes(first)
}

//! How does a function of the caller's embed a text? It is called and waited for, without a thread: most ask a service.

use std::future::Future;
use std::ops::Range;
use std::pin::{Pin, pin};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::sync::Semaphore;
use unicode_segmentation::UnicodeSegmentation;

use super::gather::{Group, gather};
use super::passages::passages;
use super::pooling::{blended, normalised};
use super::{EmbeddingError, ModelIdentity, Passage, Sentence, collect};

/// Characters of one passage: well within the window of every common service.
const WINDOW: usize = 2_000;
/// Calls at once: most functions wait for a service, not for this machine's processors.
const CALLS: usize = 16;
/// Those of them for many texts or a long one: a single text finds a place beside them.
const BULK_CALLS: usize = CALLS * 3 / 4;
/// Passages of one call.
const BATCH: usize = 256;

/// What a call of the function will have given.
pub type EmbedAnswer = Pin<Box<dyn Future<Output = Result<Vec<f32>, String>> + Send>>;

/// Gets texts, gives their vectors one after the other in one flat list, or says why not.
pub type EmbedCall = Arc<dyn Fn(Vec<String>) -> EmbedAnswer + Send + Sync>;

/// A model behind a function. Vectors need not be normalised; a passage is its one sentence.
pub struct ExternalEmbedder {
    identity: ModelIdentity,
    call: EmbedCall,
    calls: Semaphore,
    bulk_calls: Semaphore,
}

impl ExternalEmbedder {
    /// `call` gets 1 to 256 texts of at most 2000 characters each, and is called up to 16 times at once.
    pub fn new(identity: ModelIdentity, call: EmbedCall) -> Self {
        Self { identity, call, calls: Semaphore::new(CALLS), bulk_calls: Semaphore::new(BULK_CALLS) }
    }

    pub fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    /// The passages of one text: at least one, covering it without a gap.
    pub async fn passages(&self, text: &str) -> Result<Vec<Passage>, EmbeddingError> {
        let ranges = cut(text);
        let embedded = match &ranges[..] {
            [_] => self.embed(vec![text.to_owned()]).await,
            _ => return self.passages_of(&[text], |_| {}).await.pop().unwrap_or(Err(EmbeddingError::Closed)),
        };
        collect(ranges, &mut embedded.into_iter())
    }

    /// The passages of each text, in order. `progress` hears how many texts are done.
    pub async fn passages_of(
        &self,
        texts: &[impl AsRef<str>],
        progress: impl FnMut(usize),
    ) -> Vec<Result<Vec<Passage>, EmbeddingError>> {
        let cuts: Vec<_> = texts.iter().map(|text| cut(text.as_ref())).collect();
        let pieces_of = |(text, ranges): (&_, &Vec<Range<usize>>)| {
            let text: &str = AsRef::as_ref(text);
            ranges.iter().map(|range| text[range.clone()].to_owned()).collect::<Vec<_>>()
        };
        let pieces: Vec<String> = texts.iter().zip(&cuts).flat_map(pieces_of).collect();
        let calls: Vec<Vec<String>> = pieces.chunks(BATCH).map(<[String]>::to_vec).collect();
        let groups = stream::iter(calls).map(|pieces| self.embed_in_bulk(pieces)).buffered(BULK_CALLS);
        gather(cuts.into_iter().map(Ok).collect(), pin!(groups), progress).await
    }

    /// The vector of a query. One that is longer than a passage counts whole: its parts, weighted by their length.
    pub async fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
        let parts = self.passages(text).await?;
        blended(parts.iter().map(|part| (&part.vector[..], part.range.len().max(1))), self.identity.dimensions)
    }

    async fn embed_in_bulk(&self, pieces: Vec<String>) -> Group {
        // Never closed: it is the embedder's own.
        let _place = self.bulk_calls.acquire().await;
        self.embed(pieces).await
    }

    /// One call of the function.
    async fn embed(&self, pieces: Vec<String>) -> Group {
        match self.vectors(pieces.clone()).await {
            Ok(vectors) => vectors.into_iter().zip(&pieces).map(|(vector, piece)| Ok(whole(piece, vector?))).collect(),
            Err(error) => vec![Err(error); pieces.len()],
        }
    }

    async fn vectors(&self, pieces: Vec<String>) -> Result<Vec<Result<Vec<f32>, EmbeddingError>>, EmbeddingError> {
        let (count, dimensions) = (pieces.len(), self.identity.dimensions);
        let flat = {
            let _place = self.calls.acquire().await;
            (self.call)(pieces).await.map_err(EmbeddingError::failed)?
        };
        if dimensions == 0 || flat.len() != count * dimensions {
            return Err(EmbeddingError::failed(format!(
                "embed returned {} numbers for {count} texts of {dimensions} dimensions, expected {}",
                flat.len(),
                count * dimensions,
            )));
        }
        Ok(flat.chunks_exact(dimensions).map(|vector| normalised(vector.to_vec())).collect())
    }
}

fn cut(text: &str) -> Vec<Range<usize>> {
    let characters: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    passages(text, &characters, WINDOW)
}

fn whole(piece: &str, vector: Vec<f32>) -> Passage {
    let tokens = piece.unicode_words().count().max(1);
    let sentence = Sentence { range: 0..piece.len(), tokens, vector: vector.clone() };
    Passage { range: 0..piece.len(), tokens, vector, sentences: vec![sentence] }
}

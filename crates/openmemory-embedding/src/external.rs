//! How does a function of the caller's embed a text? It is called and waited for, without a thread: most ask a service.

use std::future::Future;
use std::ops::Range;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use futures_util::stream::{self, StreamExt};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use unicode_segmentation::UnicodeSegmentation;

use super::passages::passages;
use super::pooling::{blended, normalised};
use super::reassemble::{Group, gather};
use super::{EmbeddingError, ModelIdentity, Passage, Sentence};
use crate::embedder::collect;

/// Characters of one passage: well within the window of every common service.
const WINDOW: usize = 2_000;
/// Calls at once: most functions wait for a service, not for this machine's processors.
const CALLS: usize = 16;
/// Those of them for many texts or a long one: a single text finds a place beside them.
const BULK_CALLS: usize = CALLS * 3 / 4;
/// Passages of one call.
const BATCH: usize = 256;

/// Why a call has given no vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmbedFailure {
    /// The function says so.
    Failed(String),
    /// There is no such function any more: its thread has ended, perhaps during the call.
    CallerExited,
}

/// What a call of the function will have given.
pub type EmbedAnswer = Pin<Box<dyn Future<Output = Result<Vec<f32>, EmbedFailure>> + Send>>;

/// Gets texts, gives their vectors one after the other in one flat list, or says why not.
pub type EmbedCall = Arc<dyn Fn(Vec<String>) -> EmbedAnswer + Send + Sync>;

/// A model behind a function. Vectors need not be normalised; a passage is its one sentence.
pub struct ExternalEmbedder {
    identity: ModelIdentity,
    function: EmbedCall,
    gone: AtomicBool,
    /// Those that mean the same, for when the function is gone.
    others: Mutex<Vec<Weak<Self>>>,
    calls: Semaphore,
    bulk_calls: Semaphore,
}

impl ExternalEmbedder {
    /// `function` gets 1 to 256 texts of at most 2000 characters each, and is called up to 16 times at once.
    pub fn new(identity: ModelIdentity, function: EmbedCall) -> Self {
        Self {
            identity,
            function,
            gone: AtomicBool::new(false),
            others: Mutex::default(),
            calls: Semaphore::new(CALLS),
            bulk_calls: Semaphore::new(BULK_CALLS),
        }
    }

    pub fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    /// Hears of another one that means the same and, for as long as that lives, may be asked when this one's function is
    /// gone.
    pub fn join(&self, other: &Arc<Self>) {
        let mut others = self.others.lock();
        others.retain(|other| other.strong_count() > 0);
        if !std::ptr::eq(self, Arc::as_ptr(other)) {
            others.push(Arc::downgrade(other));
        }
    }

    /// The passages of one text: at least one, covering it without a gap.
    pub async fn passages(&self, text: &str) -> Result<Vec<Passage>, EmbeddingError> {
        let ranges = cut(text);
        if let [_] = &ranges[..] {
            let embedded = self.embed(vec![text.to_owned()]).await;
            return collect(ranges, &mut embedded.into_iter());
        }
        let mut found = self.passages_in_bulk(&[text], vec![ranges], |_| {}).await;
        found.pop().unwrap_or(Err(EmbeddingError::Closed))
    }

    /// The passages of each text, in order. `progress` hears how many texts are done.
    pub async fn passages_of(
        &self,
        texts: &[impl AsRef<str>],
        progress: impl FnMut(usize),
    ) -> Vec<Result<Vec<Passage>, EmbeddingError>> {
        let cuts = texts.iter().map(|text| cut(text.as_ref())).collect();
        self.passages_in_bulk(texts, cuts, progress).await
    }

    async fn passages_in_bulk(
        &self,
        texts: &[impl AsRef<str>],
        cuts: Vec<Vec<Range<usize>>>,
        progress: impl FnMut(usize),
    ) -> Vec<Result<Vec<Passage>, EmbeddingError>> {
        let mut pieces = Vec::with_capacity(texts.len());
        for (text, ranges) in texts.iter().zip(&cuts) {
            pieces.extend(ranges.iter().map(|range| text.as_ref()[range.clone()].to_owned()));
        }
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
        match self.vectors(&pieces).await {
            Ok(vectors) => vectors.into_iter().zip(&pieces).map(|(vector, piece)| Ok(whole(piece, vector?))).collect(),
            Err(error) => vec![Err(error); pieces.len()],
        }
    }

    async fn vectors(&self, pieces: &[String]) -> Result<Vec<Result<Vec<f32>, EmbeddingError>>, EmbeddingError> {
        let (count, dimensions) = (pieces.len(), self.identity.dimensions);
        let flat = self.call(pieces).await?;
        if dimensions == 0 || flat.len() != count * dimensions {
            return Err(EmbeddingError::failed(format!(
                "embed returned {} numbers for {count} texts of {dimensions} dimensions, expected {}",
                flat.len(),
                count * dimensions,
            )));
        }
        Ok(flat.chunks_exact(dimensions).map(|vector| normalised(vector.to_vec())).collect())
    }

    async fn call(&self, pieces: &[String]) -> Result<Vec<f32>, EmbeddingError> {
        let _place = self.calls.acquire().await;
        if let Some(answer) = self.ask(pieces).await {
            return answer;
        }
        let others: Vec<Arc<Self>> = self.others.lock().iter().filter_map(Weak::upgrade).collect();
        for other in others {
            if let Some(answer) = other.ask(pieces).await {
                return answer;
            }
        }
        Err(EmbeddingError::failed("the thread of the embedding function has ended; close the store and open it again"))
    }

    /// None if the function is gone.
    async fn ask(&self, pieces: &[String]) -> Option<Result<Vec<f32>, EmbeddingError>> {
        if self.gone.load(Ordering::Relaxed) {
            return None;
        }
        match (self.function)(pieces.to_vec()).await {
            Ok(flat) => Some(Ok(flat)),
            Err(EmbedFailure::Failed(why)) => Some(Err(EmbeddingError::failed(why))),
            Err(EmbedFailure::CallerExited) => {
                self.gone.store(true, Ordering::Relaxed);
                None
            }
        }
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

//! How does a caller's function embed text? It is called asynchronously without a thread, since most functions ask a
//! service.

use std::future::Future;
use std::ops::Range;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use futures_util::stream::{self, StreamExt};
use openmemory_domain::TEXT_SEPARATOR;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::known_passages::KnownPassages;
use super::passages::passages;
use super::pooling::{blended, normalised};
use super::reassemble::{Group, reassemble};
use super::{EmbeddingError, ModelIdentity, Passage};
use crate::embedder::collect;

/// Characters per passage: well within the context window of common services.
const WINDOW: usize = 2_000;
/// Concurrent calls: most functions wait for a service rather than use this machine's processors.
const MAX_CALLS: usize = 16;
/// Concurrent calls for batches and long texts. The rest is reserved for single texts.
const MAX_BULK_CALLS: usize = MAX_CALLS * 3 / 4;
/// Passages per call.
const MAX_BATCH: usize = 256;

/// Why a call returned no vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmbedFailure {
    /// The function reported an error.
    Failed(String),
    /// The function is no longer available: its thread has exited, possibly during the call.
    CallerExited,
}

/// The pending result of a call.
pub type EmbedAnswer = Pin<Box<dyn Future<Output = Result<Vec<f32>, EmbedFailure>> + Send>>;

/// What the vectors of texts are for: many models embed queries in another way than what queries should find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Passages,
    Query,
}

/// Takes texts and returns their vectors, concatenated.
pub type EmbedCall = Arc<dyn Fn(Vec<String>, Purpose) -> EmbedAnswer + Send + Sync>;

/// A model behind a function. Vectors need not be normalised. Each passage is a single sentence.
pub struct ExternalEmbedder {
    identity: ModelIdentity,
    function: EmbedCall,
    exited: AtomicBool,
    /// Embedders of the same model, used when this one's function is no longer available.
    fallbacks: Mutex<Vec<Weak<Self>>>,
    calls: Semaphore,
    bulk_calls: Semaphore,
    /// Passages of texts that have several.
    known: KnownPassages,
}

enum Piece {
    Known(Passage),
    Unknown {
        text: String,
        /// Whether its passage is to be known from now on.
        remembers: bool,
    },
}

impl Piece {
    fn unknown(&self) -> Option<&String> {
        match self {
            Self::Known(_) => None,
            Self::Unknown { text, .. } => Some(text),
        }
    }
}

impl ExternalEmbedder {
    /// `function` gets 1 to 256 texts of at most 2000 characters each, in up to 16 concurrent calls.
    pub fn new(identity: ModelIdentity, function: EmbedCall) -> Self {
        Self {
            identity,
            function,
            exited: AtomicBool::new(false),
            fallbacks: Mutex::default(),
            calls: Semaphore::new(MAX_CALLS),
            bulk_calls: Semaphore::new(MAX_BULK_CALLS),
            known: KnownPassages::default(),
        }
    }

    pub fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    /// Registers another embedder of the same model as a fallback. It is used only while it is alive.
    pub fn join(&self, other: &Arc<Self>) {
        let mut fallbacks = self.fallbacks.lock();
        fallbacks.retain(|other| other.strong_count() > 0);
        if !std::ptr::eq(self, Arc::as_ptr(other)) {
            fallbacks.push(Arc::downgrade(other));
        }
    }

    /// The passages of a text: at least one, covering it without a gap.
    pub async fn passages(&self, text: &str) -> Result<Vec<Passage>, EmbeddingError> {
        self.parts(text, Purpose::Passages).await
    }

    async fn parts(&self, text: &str, purpose: Purpose) -> Result<Vec<Passage>, EmbeddingError> {
        let ranges = cut(text);
        if let [_] = &ranges[..] {
            let embedded = self.embed(vec![text.to_owned()], purpose).await;
            return collect(ranges, &mut embedded.into_iter());
        }
        let mut found = self.passages_in_bulk(&[text], vec![ranges], purpose, |_| {}).await;
        found.pop().unwrap_or(Err(EmbeddingError::Closed))
    }

    /// The passages of each text, in order. `progress` gets the number of finished texts.
    pub async fn passages_of(
        &self,
        texts: &[impl AsRef<str>],
        progress: impl FnMut(usize),
    ) -> Vec<Result<Vec<Passage>, EmbeddingError>> {
        let cuts = texts.iter().map(|text| cut(text.as_ref())).collect();
        self.passages_in_bulk(texts, cuts, Purpose::Passages, progress).await
    }

    async fn passages_in_bulk(
        &self,
        texts: &[impl AsRef<str>],
        cuts: Vec<Vec<Range<usize>>>,
        purpose: Purpose,
        progress: impl FnMut(usize),
    ) -> Vec<Result<Vec<Passage>, EmbeddingError>> {
        let mut pieces = Vec::with_capacity(texts.len());
        for (text, ranges) in texts.iter().zip(&cuts) {
            let remembers = purpose == Purpose::Passages && ranges.len() > 1;
            pieces.extend(ranges.iter().map(|range| self.piece(&text.as_ref()[range.clone()], remembers)));
        }
        let groups = grouped(pieces).into_iter().map(|pieces| self.embed_unknown(pieces, purpose));
        let embedded = stream::iter(groups).buffered(MAX_BULK_CALLS);
        reassemble(cuts.into_iter().map(Ok).collect(), pin!(embedded), progress).await
    }

    fn piece(&self, text: &str, remembers: bool) -> Piece {
        match remembers.then(|| self.known.get(text)).flatten() {
            Some(passage) => Piece::Known(passage),
            None => Piece::Unknown { text: text.to_owned(), remembers },
        }
    }

    /// The passages of the pieces, with one call for those that are not known.
    async fn embed_unknown(&self, pieces: Vec<Piece>, purpose: Purpose) -> Group {
        let texts: Vec<String> = pieces.iter().filter_map(Piece::unknown).cloned().collect();
        let mut embedded =
            if texts.is_empty() { Vec::new() } else { self.embed_in_bulk(texts, purpose).await }.into_iter();
        let missing = || Err(EmbeddingError::Closed);
        let passage = |piece| match piece {
            Piece::Known(passage) => Ok(passage),
            Piece::Unknown { text, remembers } => {
                let passage = embedded.next().unwrap_or_else(missing)?;
                if remembers {
                    self.known.insert(&text, &passage);
                }
                Ok(passage)
            }
        };
        pieces.into_iter().map(passage).collect()
    }

    /// The vector of a query. A query longer than a passage is represented by all of its parts, weighted by length.
    pub async fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
        let parts = self.parts(text, Purpose::Query).await?.into_iter();
        let weighted: Vec<_> = parts.map(|part| (part.vector, part.range.len().max(1))).collect();
        blended(&weighted)
    }

    async fn embed_in_bulk(&self, pieces: Vec<String>, purpose: Purpose) -> Group {
        // The semaphore belongs to the embedder and is never closed.
        let _permit = self.bulk_calls.acquire().await;
        self.embed(pieces, purpose).await
    }

    async fn embed(&self, pieces: Vec<String>, purpose: Purpose) -> Group {
        match self.vectors(&pieces, purpose).await {
            Ok(vectors) => {
                vectors.into_iter().zip(&pieces).map(|(vector, piece)| Ok(Passage::of_whole(piece, vector?))).collect()
            }
            Err(error) => vec![Err(error); pieces.len()],
        }
    }

    async fn vectors(
        &self,
        pieces: &[String],
        purpose: Purpose,
    ) -> Result<Vec<Result<Vec<f32>, EmbeddingError>>, EmbeddingError> {
        let (count, dimensions) = (pieces.len(), self.identity.dimensions);
        let flat = self.call(pieces, purpose).await?;
        if dimensions == 0 || flat.len() != count * dimensions {
            return Err(EmbeddingError::failed(format!(
                "embed returned {} numbers for {count} texts of {dimensions} dimensions, expected {}",
                flat.len(),
                count * dimensions,
            )));
        }
        Ok(flat.chunks_exact(dimensions).map(|vector| normalised(vector.to_vec())).collect())
    }

    async fn call(&self, pieces: &[String], purpose: Purpose) -> Result<Vec<f32>, EmbeddingError> {
        let _permit = self.calls.acquire().await;
        if let Some(answer) = self.try_call(pieces, purpose).await {
            return answer;
        }
        let fallbacks: Vec<Arc<Self>> = self.fallbacks.lock().iter().filter_map(Weak::upgrade).collect();
        for other in fallbacks {
            if let Some(answer) = other.try_call(pieces, purpose).await {
                return answer;
            }
        }
        Err(EmbeddingError::failed("the thread of the embedding function has ended; close the store and open it again"))
    }

    /// `None` if the function is no longer available.
    async fn try_call(&self, pieces: &[String], purpose: Purpose) -> Option<Result<Vec<f32>, EmbeddingError>> {
        if self.exited.load(Ordering::Relaxed) {
            return None;
        }
        // What separates texts is no part of them.
        let texts = pieces.iter().map(|piece| piece.trim_matches(TEXT_SEPARATOR).to_owned());
        match (self.function)(texts.collect(), purpose).await {
            Ok(flat) => Some(Ok(flat)),
            Err(EmbedFailure::Failed(reason)) => Some(Err(EmbeddingError::failed(reason))),
            Err(EmbedFailure::CallerExited) => {
                self.exited.store(true, Ordering::Relaxed);
                None
            }
        }
    }
}

fn cut(text: &str) -> Vec<Range<usize>> {
    let characters: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    passages(text, &characters, WINDOW)
}

/// The pieces in order, in groups that need one call each.
fn grouped(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut groups: Vec<Vec<Piece>> = Vec::new();
    let mut unknown = MAX_BATCH;
    for piece in pieces {
        if unknown == MAX_BATCH {
            groups.push(Vec::new());
            unknown = 0;
        }
        unknown += usize::from(piece.unknown().is_some());
        if let Some(group) = groups.last_mut() {
            group.push(piece);
        }
    }
    groups
}

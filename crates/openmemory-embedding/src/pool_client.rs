//! How does a store share a pool? Each client has its own queue, and clients get equal time of the threads.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::sync::{Semaphore, oneshot};

use crate::embedder::{Embedder, FirstPass};
use crate::error::EmbeddingError;
use crate::fair_queue::Priority;
use crate::job_queue::JobQueue;
use crate::passage::Passage;
use crate::pooling::blended;
use crate::reassemble::{Cut, reassemble};

/// Queued jobs per client and priority; further callers wait for a permit.
const QUEUE_DEPTH: usize = 256;

/// One store's access to an [`EmbeddingPool`](crate::EmbeddingPool). Callers await without blocking. Work is queued
/// passage by passage, so a single text waits for at most a passage or two of its client, never for a whole batch or a
/// long text.
pub struct PoolClient {
    queue: Arc<JobQueue>,
    id: u64,
    interactive: Arc<Semaphore>,
    bulk: Arc<Semaphore>,
}

impl PoolClient {
    pub(crate) fn new(queue: Arc<JobQueue>, id: u64) -> Self {
        let permits = || Arc::new(Semaphore::new(QUEUE_DEPTH));
        Self { queue, id, interactive: permits(), bulk: permits() }
    }

    /// Runs `job` on the pool. A job is skipped if its caller no longer waits.
    ///
    /// # Errors
    /// The error of the job; `Failed` if it panics; `Closed` if the pool is closed.
    pub async fn run<T: Send + 'static>(
        &self,
        priority: Priority,
        job: impl FnOnce() -> Result<T, EmbeddingError> + Send + 'static,
    ) -> Result<T, EmbeddingError> {
        answer(self.submit(priority, job).await?).await
    }

    /// The passages of a text. Those of a long text are spread over the threads.
    pub async fn passages(&self, embedder: &Arc<dyn Embedder>, text: Arc<str>) -> Result<Vec<Passage>, EmbeddingError> {
        let (model, whole) = (embedder.clone(), text.clone());
        // Handing a short text to a second thread would take longer.
        let ranges = match self.run(Priority::Interactive, move || model.begin(&whole)).await? {
            FirstPass::Whole(passage) => return Ok(vec![passage]),
            FirstPass::Cut(ranges) => ranges,
        };
        // A long text counts as a batch, so that it does not delay short ones.
        let mut found = self.spread(Priority::Bulk, embedder, vec![(text, Ok(ranges))], |_| {}).await;
        found.pop().unwrap_or(Err(EmbeddingError::Closed))
    }

    /// The passages of each text, in order. `progress` gets the number of finished texts.
    pub async fn passages_of(
        &self,
        embedder: &Arc<dyn Embedder>,
        texts: Vec<Arc<str>>,
        progress: impl FnMut(usize),
    ) -> Vec<Result<Vec<Passage>, EmbeddingError>> {
        let mut cuts = Vec::with_capacity(texts.len());
        for text in &texts {
            let (embedder, text) = (embedder.clone(), text.clone());
            cuts.push(self.submit(Priority::Bulk, move || embedder.cut(&text)).await);
        }
        let mut ready = Vec::with_capacity(texts.len());
        for (text, cut) in texts.into_iter().zip(cuts) {
            let ranges = match cut {
                Ok(cut) => answer(cut).await,
                Err(error) => Err(error),
            };
            ready.push((text, ranges));
        }
        self.spread(Priority::Bulk, embedder, ready, progress).await
    }

    /// The vector of a query. Each part of a long one is queued when the part before is embedded, so that the queries
    /// of others come in between.
    pub async fn query(&self, embedder: &Arc<dyn Embedder>, text: Arc<str>) -> Result<Vec<f32>, EmbeddingError> {
        let (model, whole) = (embedder.clone(), text.clone());
        let ranges = match self.run(Priority::Interactive, move || model.begin_query(&whole)).await? {
            FirstPass::Whole(vector) => return Ok(vector),
            FirstPass::Cut(ranges) => ranges,
        };
        let mut parts = Vec::with_capacity(ranges.len());
        for range in ranges {
            let (model, text) = (embedder.clone(), text.clone());
            parts.push(self.run(Priority::Interactive, move || model.query_part(&text[range])).await?);
        }
        blended(&parts)
    }

    /// Embeds the pieces of all texts, `embedder.batch()` per job.
    async fn spread(
        &self,
        priority: Priority,
        embedder: &Arc<dyn Embedder>,
        texts: Vec<(Arc<str>, Cut)>,
        progress: impl FnMut(usize),
    ) -> Vec<Result<Vec<Passage>, EmbeddingError>> {
        let pieces: Vec<(Arc<str>, Range<usize>)> = texts
            .iter()
            .flat_map(|(text, ranges)| ranges.iter().flatten().map(|range| (text.clone(), range.clone())))
            .collect();
        let mut jobs = Vec::new();
        for pieces in pieces.chunks(embedder.batch().max(1)) {
            let (embedder, pieces) = (embedder.clone(), pieces.to_vec());
            let size = pieces.len();
            let job = self.submit(priority, move || {
                let texts: Vec<&str> = pieces.iter().map(|(text, range)| &text[range.clone()]).collect();
                Ok(embedder.embed(&texts))
            });
            jobs.push((size, job.await));
        }
        let groups = stream::iter(jobs).then(|(size, job)| async move {
            let group = match job {
                Ok(job) => answer(job).await,
                Err(error) => Err(error),
            };
            group.unwrap_or_else(|error| vec![Err(error); size])
        });
        reassemble(texts.into_iter().map(|(_, cut)| cut).collect(), pin!(groups), progress).await
    }

    async fn submit<T: Send + 'static>(
        &self,
        priority: Priority,
        job: impl FnOnce() -> Result<T, EmbeddingError> + Send + 'static,
    ) -> Result<Answer<T>, EmbeddingError> {
        let permits = match priority {
            Priority::Interactive => &self.interactive,
            Priority::Bulk => &self.bulk,
        };
        let permit = permits.clone().acquire_owned().await.map_err(|_| EmbeddingError::Closed)?;
        let (reply, answer) = oneshot::channel();
        let job = move || {
            drop(permit);
            if !reply.is_closed() {
                // The caller may have stopped waiting.
                let _ = reply.send(
                    catch_unwind(AssertUnwindSafe(job))
                        .unwrap_or_else(|_| Err(EmbeddingError::failed("the embedder panicked"))),
                );
            }
        };
        self.queue.push(priority, self.id, Box::new(job))?;
        Ok(answer)
    }
}

type Answer<T> = oneshot::Receiver<Result<T, EmbeddingError>>;

async fn answer<T>(answer: Answer<T>) -> Result<T, EmbeddingError> {
    answer.await.unwrap_or(Err(EmbeddingError::Closed))
}

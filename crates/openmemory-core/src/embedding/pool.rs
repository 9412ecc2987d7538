//! Where does embedding happen, and in which order?

use std::collections::VecDeque;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::thread;

use futures_util::stream::{self, StreamExt};
use parking_lot::{Condvar, Mutex};
use tokio::sync::{Semaphore, oneshot};

use super::gather::{Cut, gather};
use super::{Embedder, EmbeddingError, Passage, collect};

/// Jobs of one urgency that wait at once; further callers wait without a place in the queue.
const WAITING: usize = 256;
/// One job in so many is taken from the bulk lane first, so that it never starves.
const BULK_TURN: usize = 4;

/// Whether somebody waits for this one text, or for a long row of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    Interactive,
    Bulk,
}

/// Threads that embed. Callers await without blocking. Work is queued passage by passage, so a
/// single text waits for at most a passage or two, never for a whole batch or a long text.
///
/// Dropping the pool closes it.
pub struct EmbeddingPool {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    interactive: Arc<Semaphore>,
    bulk: Arc<Semaphore>,
}

#[derive(Default)]
struct Queue {
    interactive: VecDeque<Job>,
    bulk: VecDeque<Job>,
    turn: usize,
    closed: bool,
}

type Job = Box<dyn FnOnce() + Send>;

impl EmbeddingPool {
    /// Starts `threads` threads, or one for each processor that this process may use.
    ///
    /// # Errors
    /// The system refuses even one thread.
    pub fn new(threads: Option<usize>) -> std::io::Result<Self> {
        let wanted = threads.or_else(|| thread::available_parallelism().ok().map(Into::into));
        let pool = Self {
            shared: Arc::new(Shared {
                queue: Mutex::default(),
                wake: Condvar::new(),
                interactive: Arc::new(Semaphore::new(WAITING)),
                bulk: Arc::new(Semaphore::new(WAITING)),
            }),
        };
        for number in 0..wanted.unwrap_or(1).max(1) {
            let shared = pool.shared.clone();
            let started =
                thread::Builder::new().name(format!("openmemory-embed-{number}")).spawn(move || shared.work());
            if let (0, Err(error)) = (number, started) {
                return Err(error);
            }
        }
        Ok(pool)
    }

    /// Runs `job` on the pool. A job whose caller is gone is skipped.
    ///
    /// # Errors
    /// The job's own; `Failed` if it panics; `Closed` after [`EmbeddingPool::close`].
    pub async fn run<T: Send + 'static>(
        &self,
        urgency: Urgency,
        job: impl FnOnce() -> Result<T, EmbeddingError> + Send + 'static,
    ) -> Result<T, EmbeddingError> {
        answer(self.submit(urgency, job).await?).await
    }

    /// The passages of one text. Those of a long text are spread over the threads.
    pub async fn passages(&self, embedder: &Arc<dyn Embedder>, text: Arc<str>) -> Result<Vec<Passage>, EmbeddingError> {
        let ranges = match self.start(embedder, &text).await? {
            Started::Whole(passages) => return Ok(passages),
            Started::Cut(ranges) => ranges,
        };
        // A long text is a batch by itself: it must not delay the next short one.
        let mut found = self.spread(Urgency::Bulk, embedder, vec![(text, Ok(ranges))], |_| {}).await;
        found.pop().unwrap_or(Err(EmbeddingError::Closed))
    }

    /// Cuts a text, and embeds it where it is one passage: to hand that to another thread would take longer.
    async fn start(&self, embedder: &Arc<dyn Embedder>, text: &Arc<str>) -> Result<Started, EmbeddingError> {
        let (embedder, text) = (embedder.clone(), text.clone());
        let start = move || {
            let ranges = embedder.cut(&text)?;
            let [range] = &ranges[..] else { return Ok(Started::Cut(ranges)) };
            let embedded = embedder.embed(&[&text[range.clone()]]);
            Ok(Started::Whole(collect(ranges, &mut embedded.into_iter())?))
        };
        self.run(Urgency::Interactive, start).await
    }

    /// The passages of each text, in order. `progress` hears how many texts are done.
    pub async fn passages_of(
        &self,
        embedder: &Arc<dyn Embedder>,
        texts: Vec<Arc<str>>,
        progress: impl FnMut(usize),
    ) -> Vec<Result<Vec<Passage>, EmbeddingError>> {
        let mut cuts = Vec::with_capacity(texts.len());
        for text in &texts {
            let (embedder, text) = (embedder.clone(), text.clone());
            cuts.push(self.submit(Urgency::Bulk, move || embedder.cut(&text)).await);
        }
        let mut ready = Vec::with_capacity(texts.len());
        for (text, cut) in texts.into_iter().zip(cuts) {
            let ranges = match cut {
                Ok(cut) => answer(cut).await,
                Err(error) => Err(error),
            };
            ready.push((text, ranges));
        }
        self.spread(Urgency::Bulk, embedder, ready, progress).await
    }

    /// The vector of a query.
    pub async fn query(&self, embedder: &Arc<dyn Embedder>, text: Arc<str>) -> Result<Vec<f32>, EmbeddingError> {
        let embedder = embedder.clone();
        self.run(Urgency::Interactive, move || embedder.query(&text)).await
    }

    /// Takes no more work. What is queued is still done, then the threads end. Does not wait.
    pub fn close(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.interactive.close();
        self.shared.bulk.close();
        self.shared.wake.notify_all();
    }

    /// Embeds the pieces of all texts, `embedder.batch()` in a job.
    async fn spread(
        &self,
        urgency: Urgency,
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
            let job = self.submit(urgency, move || {
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
        gather(texts.into_iter().map(|(_, cut)| cut).collect(), pin!(groups), progress).await
    }

    async fn submit<T: Send + 'static>(
        &self,
        urgency: Urgency,
        job: impl FnOnce() -> Result<T, EmbeddingError> + Send + 'static,
    ) -> Result<Answer<T>, EmbeddingError> {
        let places = match urgency {
            Urgency::Interactive => &self.shared.interactive,
            Urgency::Bulk => &self.shared.bulk,
        };
        let place = places.clone().acquire_owned().await.map_err(|_| EmbeddingError::Closed)?;
        let (reply, answer) = oneshot::channel();
        let job = move || {
            drop(place);
            if !reply.is_closed() {
                // Nobody may be left to hear the answer.
                let _ = reply.send(
                    catch_unwind(AssertUnwindSafe(job))
                        .unwrap_or_else(|_| Err(EmbeddingError::failed("the embedder panicked"))),
                );
            }
        };
        let mut queue = self.shared.queue.lock();
        if queue.closed {
            return Err(EmbeddingError::Closed);
        }
        match urgency {
            Urgency::Interactive => queue.interactive.push_back(Box::new(job)),
            Urgency::Bulk => queue.bulk.push_back(Box::new(job)),
        }
        drop(queue);
        self.shared.wake.notify_one();
        Ok(answer)
    }
}

enum Started {
    Whole(Vec<Passage>),
    Cut(Vec<Range<usize>>),
}

type Answer<T> = oneshot::Receiver<Result<T, EmbeddingError>>;

async fn answer<T>(answer: Answer<T>) -> Result<T, EmbeddingError> {
    answer.await.unwrap_or(Err(EmbeddingError::Closed))
}

impl Drop for EmbeddingPool {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn work(&self) {
        let mut queue = self.queue.lock();
        loop {
            if let Some(job) = queue.next() {
                drop(queue);
                job();
                queue = self.queue.lock();
            } else if queue.closed {
                return;
            } else {
                self.wake.wait(&mut queue);
            }
        }
    }
}

impl Queue {
    fn next(&mut self) -> Option<Job> {
        self.turn = (self.turn + 1) % BULK_TURN;
        if self.turn == 0 {
            self.bulk.pop_front().or_else(|| self.interactive.pop_front())
        } else {
            self.interactive.pop_front().or_else(|| self.bulk.pop_front())
        }
    }
}

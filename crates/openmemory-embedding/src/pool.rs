//! Where does embedding happen, and in which order?

use std::collections::VecDeque;
use std::hint;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::{Semaphore, oneshot};

use super::reassemble::{Cut, gather};
use super::{Embedder, EmbeddingError, FirstPass, Passage};

/// Jobs of one urgency that wait at once; further callers wait without a place in the queue.
const QUEUE_DEPTH: usize = 256;
/// After a job a thread stays awake for the next one as long as that job took, and no longer than this: where one text
/// follows the other, each finds a processor that has not slowed down meanwhile.
const MAX_SPIN: Duration = Duration::from_millis(3);
/// One job in so many is taken from the bulk lane first, so that it never starves.
const BULK_TURN: usize = 4;

/// Whether somebody waits for this one text, or for a long row of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
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
    /// Whether a thread may look out for the next job.
    stays_awake: bool,
    queue: Mutex<Queue>,
    /// Jobs in the queue, to be seen without its lock.
    queued: AtomicUsize,
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
    /// A thread is awake and looks for a job.
    watched: bool,
}

type Job = Box<dyn FnOnce() + Send>;

impl EmbeddingPool {
    /// Starts `threads` threads, or one for each processor that this process may use.
    ///
    /// # Errors
    /// The system refuses even one thread.
    pub fn new(threads: Option<usize>) -> std::io::Result<Self> {
        let processors = thread::available_parallelism().map_or(1, Into::into);
        let pool = Self {
            shared: Arc::new(Shared {
                // A single processor has better things to do.
                stays_awake: processors > 1,
                queue: Mutex::default(),
                queued: AtomicUsize::new(0),
                wake: Condvar::new(),
                interactive: Arc::new(Semaphore::new(QUEUE_DEPTH)),
                bulk: Arc::new(Semaphore::new(QUEUE_DEPTH)),
            }),
        };
        for number in 0..threads.unwrap_or(processors).max(1) {
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
        urgency: Priority,
        job: impl FnOnce() -> Result<T, EmbeddingError> + Send + 'static,
    ) -> Result<T, EmbeddingError> {
        answer(self.submit(urgency, job).await?).await
    }

    /// The passages of one text. Those of a long text are spread over the threads.
    pub async fn passages(&self, embedder: &Arc<dyn Embedder>, text: Arc<str>) -> Result<Vec<Passage>, EmbeddingError> {
        let (begun, whole) = (embedder.clone(), text.clone());
        // To hand a text that is one passage to another thread would take longer.
        let ranges = match self.run(Priority::Interactive, move || begun.begin(&whole)).await? {
            FirstPass::Whole(passage) => return Ok(vec![passage]),
            FirstPass::Cut(ranges) => ranges,
        };
        // A long text is a batch by itself: it must not delay the next short one.
        let mut found = self.spread(Priority::Bulk, embedder, vec![(text, Ok(ranges))], |_| {}).await;
        found.pop().unwrap_or(Err(EmbeddingError::Closed))
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

    /// The vector of a query.
    pub async fn query(&self, embedder: &Arc<dyn Embedder>, text: Arc<str>) -> Result<Vec<f32>, EmbeddingError> {
        let embedder = embedder.clone();
        self.run(Priority::Interactive, move || embedder.query(&text)).await
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
        urgency: Priority,
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
        urgency: Priority,
        job: impl FnOnce() -> Result<T, EmbeddingError> + Send + 'static,
    ) -> Result<Answer<T>, EmbeddingError> {
        let places = match urgency {
            Priority::Interactive => &self.shared.interactive,
            Priority::Bulk => &self.shared.bulk,
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
            Priority::Interactive => queue.interactive.push_back(Box::new(job)),
            Priority::Bulk => queue.bulk.push_back(Box::new(job)),
        }
        let queued = queue.len();
        self.shared.queued.store(queued, Ordering::Release);
        let seen = queue.watched && queued == 1;
        drop(queue);
        if !seen {
            self.shared.wake.notify_one();
        }
        Ok(answer)
    }
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
                self.queued.store(queue.len(), Ordering::Release);
                drop(queue);
                let began = Instant::now();
                job();
                queue = self.stay_awake(began.elapsed());
            } else if queue.closed {
                return;
            } else {
                self.wake.wait(&mut queue);
            }
        }
    }

    /// Waits for a job without going to sleep, unless another thread does so.
    fn stay_awake(&self, took: Duration) -> MutexGuard<'_, Queue> {
        let mut queue = self.queue.lock();
        if self.stays_awake && queue.len() == 0 && !queue.closed && !queue.watched {
            queue.watched = true;
            drop(queue);
            let began = Instant::now();
            while self.queued.load(Ordering::Acquire) == 0 && began.elapsed() < took.min(MAX_SPIN) {
                hint::spin_loop();
            }
            queue = self.queue.lock();
            queue.watched = false;
        }
        queue
    }
}

impl Queue {
    fn len(&self) -> usize {
        self.interactive.len() + self.bulk.len()
    }

    fn next(&mut self) -> Option<Job> {
        self.turn = (self.turn + 1) % BULK_TURN;
        if self.turn == 0 {
            self.bulk.pop_front().or_else(|| self.interactive.pop_front())
        } else {
            self.interactive.pop_front().or_else(|| self.bulk.pop_front())
        }
    }
}

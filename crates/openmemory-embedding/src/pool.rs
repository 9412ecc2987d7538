//! Where does embedding happen, and in which order? On threads that all stores with the same model share.

use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::error::EmbeddingError;
use crate::fair_queue::FairQueue;
use crate::pool_client::PoolClient;

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

/// Threads that embed, for any number of [clients](PoolClient) that take turns.
///
/// Dropping the pool closes it.
pub struct EmbeddingPool {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    /// Whether a thread may look out for the next job.
    stays_awake: bool,
    queue: Mutex<Queue>,
    /// Jobs in the queue, to be seen without its lock.
    queued: AtomicUsize,
    wake: Condvar,
    next_client: AtomicU64,
}

#[derive(Default)]
struct Queue {
    interactive: FairQueue<Job>,
    bulk: FairQueue<Job>,
    turn: usize,
    closed: bool,
    /// A thread is awake and looks for a job.
    watched: bool,
}

pub(crate) type Job = Box<dyn FnOnce() + Send>;

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
                next_client: AtomicU64::new(0),
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

    /// A new client, for one store.
    pub fn client(&self) -> PoolClient {
        PoolClient::new(Arc::clone(&self.shared), self.shared.next_client.fetch_add(1, Ordering::Relaxed))
    }

    /// Takes no more work. What is queued is still done, then the threads end. Does not wait.
    pub fn close(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.wake.notify_all();
    }
}

impl Drop for EmbeddingPool {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    pub(crate) fn push(&self, priority: Priority, client: u64, job: Job) -> Result<(), EmbeddingError> {
        let mut queue = self.queue.lock();
        if queue.closed {
            return Err(EmbeddingError::Closed);
        }
        match priority {
            Priority::Interactive => queue.interactive.push(client, job),
            Priority::Bulk => queue.bulk.push(client, job),
        }
        let queued = queue.len();
        self.queued.store(queued, Ordering::Release);
        let seen = queue.watched && queued == 1;
        drop(queue);
        if !seen {
            self.wake.notify_one();
        }
        Ok(())
    }

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
            self.bulk.pop().or_else(|| self.interactive.pop())
        } else {
            self.interactive.pop().or_else(|| self.bulk.pop())
        }
    }
}

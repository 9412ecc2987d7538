//! In which order are texts embedded? Single texts before batches, and stores in turn.

use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::error::EmbeddingError;
use crate::fair_queue::FairQueue;

/// The longest time that an idle thread spins for its next job. It spins at most as long as its last job took, so that
/// consecutive texts find a processor at full speed.
const MAX_SPIN: Duration = Duration::from_millis(3);
/// Every n-th job is taken from the bulk queue first, so that it never starves.
const BULK_INTERVAL: usize = 4;

/// Whether a caller waits for this text alone, or it is part of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    Interactive,
    Bulk,
}

/// The jobs of a pool's threads.
pub(crate) struct JobQueue {
    /// Whether idle threads spin.
    spins: bool,
    lanes: Mutex<Lanes>,
    /// The number of jobs, readable without the lock.
    queued: AtomicUsize,
    wake: Condvar,
}

#[derive(Default)]
struct Lanes {
    interactive: FairQueue<Job>,
    bulk: FairQueue<Job>,
    turn: usize,
    closed: bool,
    /// A thread is spinning.
    spinning: bool,
}

type Job = Box<dyn FnOnce() + Send>;

impl JobQueue {
    pub(crate) fn new(spins: bool) -> Self {
        Self { spins, lanes: Mutex::default(), queued: AtomicUsize::new(0), wake: Condvar::new() }
    }

    /// Rejects new jobs. Queued ones are still done.
    pub(crate) fn close(&self) {
        self.lanes.lock().closed = true;
        self.wake.notify_all();
    }

    pub(crate) fn push(&self, priority: Priority, client: u64, job: Job) -> Result<(), EmbeddingError> {
        let mut lanes = self.lanes.lock();
        if lanes.closed {
            return Err(EmbeddingError::Closed);
        }
        match priority {
            Priority::Interactive => lanes.interactive.push(client, job),
            Priority::Bulk => lanes.bulk.push(client, job),
        }
        let queued = lanes.len();
        self.queued.store(queued, Ordering::Release);
        let picked_up = lanes.spinning && queued == 1;
        drop(lanes);
        if !picked_up {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Runs jobs until the queue is closed and empty.
    pub(crate) fn work(&self) {
        let mut lanes = self.lanes.lock();
        loop {
            if let Some(job) = lanes.next() {
                self.queued.store(lanes.len(), Ordering::Release);
                drop(lanes);
                let began = Instant::now();
                job();
                lanes = self.spin(began.elapsed());
            } else if lanes.closed {
                return;
            } else {
                self.wake.wait(&mut lanes);
            }
        }
    }

    /// Spins for the next job, unless another thread already does.
    fn spin(&self, took: Duration) -> MutexGuard<'_, Lanes> {
        let mut lanes = self.lanes.lock();
        if self.spins && lanes.len() == 0 && !lanes.closed && !lanes.spinning {
            lanes.spinning = true;
            drop(lanes);
            let began = Instant::now();
            while self.queued.load(Ordering::Acquire) == 0 && began.elapsed() < took.min(MAX_SPIN) {
                hint::spin_loop();
            }
            lanes = self.lanes.lock();
            lanes.spinning = false;
        }
        lanes
    }
}

impl Lanes {
    fn len(&self) -> usize {
        self.interactive.len() + self.bulk.len()
    }

    fn next(&mut self) -> Option<Job> {
        self.turn = (self.turn + 1) % BULK_INTERVAL;
        if self.turn == 0 {
            self.bulk.pop().or_else(|| self.interactive.pop())
        } else {
            self.interactive.pop().or_else(|| self.bulk.pop())
        }
    }
}

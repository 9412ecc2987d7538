//! In which order is embedded? Single texts before bulk, and stores by turns.

use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::error::EmbeddingError;
use crate::fair_queue::FairQueue;

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

/// What the threads of a pool have to do.
pub(crate) struct JobQueue {
    /// Whether a thread may look out for the next job.
    stays_awake: bool,
    lanes: Mutex<Lanes>,
    /// Jobs in the lanes, to be seen without their lock.
    queued: AtomicUsize,
    wake: Condvar,
}

#[derive(Default)]
struct Lanes {
    interactive: FairQueue<Job>,
    bulk: FairQueue<Job>,
    turn: usize,
    closed: bool,
    /// A thread is awake and looks for a job.
    watched: bool,
}

type Job = Box<dyn FnOnce() + Send>;

impl JobQueue {
    pub(crate) fn new(stays_awake: bool) -> Self {
        Self { stays_awake, lanes: Mutex::default(), queued: AtomicUsize::new(0), wake: Condvar::new() }
    }

    /// Takes no more jobs.
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
        let seen = lanes.watched && queued == 1;
        drop(lanes);
        if !seen {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Does jobs until the queue is closed and empty.
    pub(crate) fn work(&self) {
        let mut lanes = self.lanes.lock();
        loop {
            if let Some(job) = lanes.next() {
                self.queued.store(lanes.len(), Ordering::Release);
                drop(lanes);
                let began = Instant::now();
                job();
                lanes = self.stay_awake(began.elapsed());
            } else if lanes.closed {
                return;
            } else {
                self.wake.wait(&mut lanes);
            }
        }
    }

    /// Waits for a job without going to sleep, unless another thread does so.
    fn stay_awake(&self, took: Duration) -> MutexGuard<'_, Lanes> {
        let mut lanes = self.lanes.lock();
        if self.stays_awake && lanes.len() == 0 && !lanes.closed && !lanes.watched {
            lanes.watched = true;
            drop(lanes);
            let began = Instant::now();
            while self.queued.load(Ordering::Acquire) == 0 && began.elapsed() < took.min(MAX_SPIN) {
                hint::spin_loop();
            }
            lanes = self.lanes.lock();
            lanes.watched = false;
        }
        lanes
    }
}

impl Lanes {
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

//! In which order are texts embedded? Single texts before batches, and stores in turn.

use parking_lot::{Condvar, Mutex};

use crate::error::EmbeddingError;
use crate::fair_queue::FairQueue;

/// Every n-th job is taken from the bulk queue first, so that it never starves.
const BULK_INTERVAL: usize = 4;

/// Whether a caller waits for this text alone, or it is part of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    Interactive,
    Bulk,
}

/// The jobs of a pool's threads.
#[derive(Default)]
pub(crate) struct JobQueue {
    lanes: Mutex<Lanes>,
    wake: Condvar,
}

#[derive(Default)]
struct Lanes {
    interactive: FairQueue<Job>,
    bulk: FairQueue<Job>,
    turn: usize,
    closed: bool,
}

type Job = Box<dyn FnOnce() + Send>;

impl JobQueue {
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
        drop(lanes);
        self.wake.notify_one();
        Ok(())
    }

    /// Runs jobs until the queue is closed and empty.
    pub(crate) fn work(&self) {
        let mut lanes = self.lanes.lock();
        loop {
            if let Some(job) = lanes.next() {
                drop(lanes);
                job();
                lanes = self.lanes.lock();
            } else if lanes.closed {
                return;
            } else {
                self.wake.wait(&mut lanes);
            }
        }
    }
}

impl Lanes {
    fn next(&mut self) -> Option<Job> {
        self.turn = (self.turn + 1) % BULK_INTERVAL;
        if self.turn == 0 {
            self.bulk.pop().or_else(|| self.interactive.pop())
        } else {
            self.interactive.pop().or_else(|| self.bulk.pop())
        }
    }
}

//! Which thread runs which job? Each takes the next one of a common queue.

use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::error::EmbeddingError;
use crate::fair_queue::{ACTIVE, FairQueue, Priority};

/// The jobs of a pool's threads.
pub(crate) struct JobQueue {
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    jobs: FairQueue<Job>,
    closed: bool,
}

type Job = Box<dyn FnOnce() + Send>;

impl JobQueue {
    /// A queue of this many threads.
    pub(crate) fn new(threads: usize) -> Self {
        Self { state: Mutex::new(State { jobs: FairQueue::new(threads), closed: false }), wake: Condvar::new() }
    }

    /// Rejects new jobs. Queued ones are still done.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.wake.notify_all();
    }

    pub(crate) fn push(&self, priority: Priority, client: u64, job: Job) -> Result<(), EmbeddingError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(EmbeddingError::Closed);
        }
        state.jobs.push(client, priority, job);
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// Runs jobs until the queue is closed and empty.
    pub(crate) fn work(&self) {
        let mut state = self.state.lock();
        loop {
            if let Some((client, job)) = state.jobs.pop(Instant::now()) {
                drop(state);
                let begun = Instant::now();
                job();
                state = self.state.lock();
                state.jobs.done(client, begun.elapsed(), Instant::now());
            } else if !state.jobs.is_empty() {
                // Those who wait have their share while others are active.
                self.wake.wait_for(&mut state, ACTIVE);
            } else if state.closed {
                return;
            } else {
                self.wake.wait(&mut state);
            }
        }
    }
}

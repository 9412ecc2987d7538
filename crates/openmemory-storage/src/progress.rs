//! How far are the commits? Said by the writer, asked by checkpoints, flushes and whoever closes the store.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use super::digest::State;
use super::error::StorageError;

pub(super) struct Progress {
    /// The store as readers see it.
    applied: Mutex<State>,
    /// The last commit of which a reader may see rows.
    begun: AtomicU64,
    /// The newest segment of the log.
    log: Mutex<Arc<File>>,
    failed: AtomicBool,
}

impl Progress {
    pub(super) fn new(state: State, log: Arc<File>) -> Self {
        Self {
            applied: Mutex::new(state),
            begun: AtomicU64::new(state.sequence),
            log: Mutex::new(log),
            failed: AtomicBool::new(false),
        }
    }

    pub(super) fn applied(&self) -> State {
        *self.applied.lock()
    }

    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Acquire)
    }

    /// Whether a write has failed, so that nobody knows what is on disk.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    pub(super) fn begin(&self, sequence: u64) {
        self.begun.store(sequence, Ordering::Release);
    }

    pub(super) fn end(&self, state: State) {
        *self.applied.lock() = state;
    }

    pub(super) fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }

    pub(super) fn log_goes_on(&self, file: Arc<File>) {
        *self.log.lock() = file;
    }

    /// Makes everything in the log durable.
    pub(super) fn sync_log(&self) -> Result<(), StorageError> {
        let file = Arc::clone(&*self.log.lock());
        Ok(file.sync_data().inspect_err(|_| self.fail())?)
    }
}

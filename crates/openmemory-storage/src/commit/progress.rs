//! How far have commits progressed? The writer updates this state; checkpoints, flushes and closing read it.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::error::StorageError;
use crate::files::disk;
use crate::rows::digest::State;

pub(crate) struct Progress {
    /// The state that readers see.
    applied: Mutex<State>,
    /// The last commit whose rows readers may see.
    begun: AtomicU64,
    /// The newest log segment.
    log: Mutex<Arc<File>>,
    failed: AtomicBool,
}

impl Progress {
    pub(crate) fn new(state: State, log: Arc<File>) -> Self {
        Self {
            applied: Mutex::new(state),
            begun: AtomicU64::new(state.sequence),
            log: Mutex::new(log),
            failed: AtomicBool::new(false),
        }
    }

    pub(crate) fn applied(&self) -> State {
        *self.applied.lock()
    }

    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Acquire)
    }

    /// Whether a write has failed, so that the contents of the disk are unknown.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    pub(crate) fn begin(&self, sequence: u64) {
        self.begun.store(sequence, Ordering::Release);
    }

    pub(crate) fn end(&self, state: State) {
        *self.applied.lock() = state;
    }

    pub(crate) fn fail(&self) {
        if !self.failed.swap(true, Ordering::AcqRel) {
            tracing::debug!("store failed");
        }
    }

    pub(crate) fn continue_log(&self, file: Arc<File>) {
        *self.log.lock() = file;
    }

    /// Syncs the log.
    pub(crate) fn sync_log(&self) -> Result<(), StorageError> {
        let file = Arc::clone(&*self.log.lock());
        Ok(disk::sync_data(&file).inspect_err(|_| self.fail())?)
    }
}

//! When is a batch durable? After one sync of the redo log; sled gets it then, and is synced when the log is full.

use std::path::Path;
use std::sync::Arc;

use super::backend::{Backend, Batch};
use super::error::StorageError;
use super::keys;
use super::records::{APPLIED, Records};
use super::redo_log::RedoLog;
use super::store::Durability;
use super::transaction::Transaction;

/// The one way by which batches get into the store.
pub(super) struct Commits {
    backend: Arc<dyn Backend>,
    durability: Durability,
    log: RedoLog,
    /// The sequence of the last batch.
    sequence: u64,
    poisoned: bool,
}

impl Commits {
    /// Brings sled up to what the redo log holds.
    pub(super) fn open(
        backend: Arc<dyn Backend>,
        directory: &Path,
        durability: Durability,
    ) -> Result<Self, StorageError> {
        let mut sequence = Transaction::new(&*backend).record(&keys::meta(APPLIED))?.unwrap_or(0);
        let log = RedoLog::open(&directory.join("redo"), sequence, |next, batch| {
            sequence = next;
            backend.apply(batch)
        })?;
        // From here on the log begins anew.
        backend.sync()?;
        Ok(Self { backend, durability, log, sequence, poisoned: false })
    }

    pub(super) fn backend(&self) -> Arc<dyn Backend> {
        Arc::clone(&self.backend)
    }

    /// Makes a batch durable, as the durability has it, and visible.
    pub(super) fn commit(&mut self, batch: Batch) -> Result<(), StorageError> {
        if batch.is_empty() {
            return Ok(());
        }
        if self.poisoned {
            return Err(StorageError::Poisoned);
        }
        let result = self.write(batch);
        // After a failed write or sync nobody knows what is on disk; only opening again tells.
        self.poisoned = result.is_err();
        result
    }

    fn write(&mut self, mut batch: Batch) -> Result<(), StorageError> {
        keys::sort_for_readers(&mut batch);
        self.sequence += 1;
        let mut applied = Transaction::new(&*self.backend);
        applied.put(&keys::meta(APPLIED), &self.sequence)?;
        batch.extend(applied.into_batch());
        if self.durability == Durability::Interval {
            return self.backend.apply(batch);
        }
        if self.append(&batch)? {
            // sled writes to disk twice for an atomic batch. With the log behind it, it need not be atomic on disk; and
            // for readers the order of rows does, unless a row lies in parts.
            let whole = !batch.iter().any(|(key, _)| keys::is_part(key));
            return if whole { self.backend.write(batch) } else { self.backend.apply(batch) };
        }
        // Larger than the whole log: sled's own log makes it durable, and the next one begins behind it.
        self.backend.apply(batch)?;
        self.backend.sync()
    }

    /// Makes the batch durable in the log; false if it is larger than the log.
    fn append(&mut self, batch: &Batch) -> Result<bool, StorageError> {
        if self.log.append(self.sequence, batch)? {
            return Ok(true);
        }
        self.backend.sync()?;
        self.log.restart();
        self.log.append(self.sequence, batch)
    }
}

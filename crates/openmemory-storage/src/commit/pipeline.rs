//! When is a batch durable? When its record in the redo log is synced. sled gets it afterwards and need not be synced:
//! the log and the checkpoint can restore all of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::commit::progress::Progress;
use crate::commit::signal::CheckpointSignal;
use crate::commit::transaction::Transaction;
use crate::error::StorageError;
use crate::files::manifest::SharedManifest;
use crate::files::space;
use crate::options::durability::Durability;
use crate::rows::backend::{Backend, Batch};
use crate::rows::digest::State;
use crate::rows::keys;
use crate::rows::records::COUNTERS;
use crate::rows::records::applied_row;
use crate::wal::ack_watermark::AckWatermark;
use crate::wal::redo_log::RedoLog;

/// The longest time for which an `interval` store may lose commits.
const SYNC_INTERVAL: Duration = Duration::from_millis(500);

/// The only path by which batches enter the store.
pub(crate) struct Pipeline {
    pub backend: Arc<dyn Backend>,
    pub durability: Durability,
    pub log: RedoLog,
    pub acknowledged: AckWatermark,
    pub manifest: Arc<SharedManifest>,
    pub progress: Arc<Progress>,
    pub wake: CheckpointSignal,
    pub state: State,
    /// When the oldest unsynced commit was written.
    pub unsynced: Option<Instant>,
}

impl Pipeline {
    pub(crate) fn backend(&self) -> Arc<dyn Backend> {
        Arc::clone(&self.backend)
    }

    /// Makes a transaction visible, and durable as the durability option requires.
    pub(crate) fn commit(&mut self, transaction: Transaction<'_>) -> Result<(), StorageError> {
        self.commit_into(transaction, false)
    }

    /// Begins a new segment with a commit that changes nothing.
    pub(crate) fn roll_log(&mut self) -> Result<(), StorageError> {
        let backend = self.backend();
        let mut unchanged = Transaction::new(&*backend);
        unchanged.rewrite(keys::meta(COUNTERS))?;
        self.commit_into(unchanged, true)
    }

    fn commit_into(&mut self, transaction: Transaction<'_>, fresh_segment: bool) -> Result<(), StorageError> {
        if transaction.is_empty() {
            return Ok(());
        }
        if self.progress.has_failed() || self.backend.has_failed() {
            return Err(StorageError::Poisoned);
        }
        // Nothing has been written yet, so a rejected commit can be retried once space is available.
        let (batch, next) = self.prepare(transaction, fresh_segment)?;
        let result = self.write(batch, next).and_then(|()| self.sync_when_due());
        if result.is_err() {
            // After a failed write or sync the contents of the disk are unknown until the store is opened again.
            self.progress.fail();
        }
        result
    }

    /// Encodes the record of a transaction, and makes sure that the log has space for it.
    fn prepare(&mut self, transaction: Transaction<'_>, fresh_segment: bool) -> Result<(Batch, State), StorageError> {
        self.manifest.check_place()?;
        let mut next = State { sequence: self.state.sequence + 1, ..self.state };
        next.digest.add_all(&transaction.digest()?);
        let batch = keys::in_write_order(transaction.into_batch());
        space::check(self.log.directory(), &batch)?;
        if !self.log.encode(&next, &batch) || fresh_segment {
            // A segment is synced before the next one begins.
            self.log.sync().inspect_err(|_| self.progress.fail())?;
            self.unsynced = None;
            let follows = self.log.next_segment(&next, &batch).inspect_err(|_| {
                if self.log.may_have_next(next.sequence) {
                    self.progress.fail();
                }
            });
            self.log = follows?;
            // From here on the commit belongs to the new segment, whether or not the manifest names it.
            self.manifest.note(|manifest| manifest.newest = next.sequence);
            self.progress.continue_log(self.log.file());
            self.wake.segment_is_full();
        }
        Ok((batch, next))
    }

    fn write(&mut self, mut batch: Batch, next: State) -> Result<(), StorageError> {
        self.log.write()?;
        match self.durability {
            Durability::Flush => {
                self.log.sync()?;
                // Before the commit is acknowledged, because the process may end right after and the last record be
                // damaged.
                self.log.mark(&next);
            }
            Durability::Interval => drop(self.unsynced.get_or_insert_with(Instant::now)),
        }
        self.progress.begin(next.sequence);
        // sled writes an atomic batch twice. The log makes atomicity on disk unnecessary, and the order of rows
        // protects readers, unless a row is split into parts.
        let unsplit = !batch.iter().any(|(key, _)| keys::is_part(key));
        batch.push(applied_row(next.sequence)?);
        if unsplit {
            self.backend.write(batch)?
        } else {
            self.backend.apply(batch)?
        }
        self.state = next;
        self.progress.end(next);
        Ok(())
    }

    /// Records the last acknowledged commit in its own file. This happens after the callers have their answers, so that
    /// they do not wait for it.
    pub(crate) fn record_acknowledged(&mut self) {
        if self.durability == Durability::Flush {
            self.acknowledged.note(self.state.sequence);
        }
    }

    /// The time until the next sync is due; `None` if there is nothing to sync.
    pub(crate) fn until_due(&self) -> Option<Duration> {
        self.unsynced.map(|since| SYNC_INTERVAL.saturating_sub(since.elapsed()))
    }

    /// Syncs if the sync interval has passed.
    pub(crate) fn sync_when_due(&mut self) -> Result<(), StorageError> {
        if self.until_due().is_some_and(|left| left.is_zero()) {
            self.unsynced = None;
            self.log.sync()?;
        }
        Ok(())
    }

    pub(crate) fn fail(&self) {
        self.progress.fail();
    }
}

//! What does the engine see of all this? A directory of memories: typed reads, and commits.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use serde::de::DeserializeOwned;

use crate::commit::pipeline::Pipeline;
use crate::commit::progress::Progress;
use crate::commit::transaction::Transaction;
use crate::commit::writer::Writer;
use crate::doctor::read_only;
use crate::error::StorageError;
use crate::files::disk;
use crate::files::fingerprint::{Fingerprint, wait_until_free};
use crate::files::layout::Layout;
use crate::files::lock::Lock;
use crate::files::manifest::{Manifest, Session, SharedManifest};
use crate::maintenance::checkpointer::{CheckpointThread, Checkpointer};
use crate::maintenance::compaction::Compaction;
use crate::maintenance::usage::Usage;
use crate::options::durability::{Durability, StoreOptions};
use crate::options::size_limits::SizeLimits;
use crate::recovery::recover::{self, Recovered};
use crate::replay::expected_state;
use crate::rows::backend::{Backend, Row};
use crate::rows::digest::State;
use crate::rows::keys;
use crate::rows::records::{self, COUNTERS, Counters, Records};
use crate::rows::typed::rows_over_records;
use crate::tree::sled_tree::check_clock;
use crate::tree::swap::SwappableTree;
use crate::wal::ack_watermark::AckWatermark;
use crate::wal::redo_log::RedoLog;
use openmemory_domain::learning::{LearningId, MessageId};
use openmemory_domain::request::{Order, TimeField};
use openmemory_domain::{MemoryId, Timestamp, Version};
use openmemory_rules::{Number, Tombstone};

pub(crate) mod backup;
pub(crate) mod indexed;
pub(crate) mod upgrade;

pub struct Store {
    // Dropped in this order: what uses sled, then sled, then the note that all is closed.
    pub(crate) checkpoints: CheckpointThread,
    writer: Writer,
    pub(crate) backend: Arc<dyn Backend>,
    repaired: Option<String>,
    closing: Closing,
    /// Where the rows are of a store that can only be read.
    room: Option<tempfile::TempDir>,
}

/// A key-value engine that is right, and the log in front of it.
struct Opened {
    backend: Arc<dyn Backend>,
    /// The same engine, where it is sled.
    sled: Option<Arc<SwappableTree>>,
    manifest: Manifest,
    state: State,
    log: RedoLog,
    repaired: Option<String>,
}

/// Which memories a walk in order of time visits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanRange {
    All,
    Scope { field: &'static str, value: String },
    Tag(String),
}

/// A place in an order of time: the walk goes on behind it.
pub type Position = (Timestamp, Number);

impl Store {
    /// Opens the directory, or makes it. Only one store at a time can have it open.
    pub fn open(directory: &Path, options: StoreOptions, now: Timestamp) -> Result<Self, StorageError> {
        let StoreOptions { durability, bounds, allow_non_empty } = options;
        check_clock(SystemTime::now())?;
        disk::create_directory(directory)?;
        let layout = Layout::new(directory);
        let has_no_manifest = || expected_state::manifest(&layout).is_ok_and(|found| found.is_none());
        if !allow_non_empty
            && has_no_manifest()
            && let Some(name) = layout.foreign()?
            // Another process may have made a store between the two looks.
            && has_no_manifest()
        {
            return Err(StorageError::ForeignFiles(name));
        }
        let lock = Lock::take_or_share(&layout.lock())?;
        if lock.is_shared() {
            return Self::read_only(layout, lock, bounds);
        }
        let Recovered { sled, manifest, state, log, repaired } =
            recover::open(&layout, &bounds, durability == Durability::Interval, now)?;
        tracing::debug!(directory = %directory.display(), commit = state.sequence, repaired, "store opened");
        let sled = Arc::new(SwappableTree::new(sled));
        let opened = Opened { backend: sled.clone(), sled: Some(sled), manifest, state, log, repaired };
        Self::over(opened, layout, lock, durability, bounds)
    }

    /// A store of which nothing is changed.
    fn read_only(layout: Layout, lock: Lock, bounds: SizeLimits) -> Result<Self, StorageError> {
        let read_only::Rows { sled, state, manifest, room } = read_only::rows(&layout)?;
        let backend: Arc<dyn Backend> = Arc::new(sled);
        let progress = Arc::new(Progress::new(state, Arc::new(std::fs::File::open(layout.manifest())?)));
        let manifest = Arc::new(SharedManifest::new(&layout, lock, manifest));
        let checkpoints =
            CheckpointThread::idle(Checkpointer::new(&layout, bounds, &manifest, &progress, &backend, None));
        let closing = Closing { layout, manifest, progress };
        Ok(Self { checkpoints, writer: Writer::of_read_only(), backend, repaired: None, closing, room: Some(room) })
    }

    fn over(
        opened: Opened,
        layout: Layout,
        lock: Lock,
        durability: Durability,
        bounds: SizeLimits,
    ) -> Result<Self, StorageError> {
        let Opened { backend, sled, manifest, state, log, repaired } = opened;
        let acknowledged = AckWatermark::open(&layout, manifest.store)?;
        let manifest = Arc::new(SharedManifest::new(&layout, lock, manifest));
        let progress = Arc::new(Progress::new(state, log.file()));
        let renewal = sled.map(Compaction::new);
        let checkpoints =
            CheckpointThread::start(Checkpointer::new(&layout, bounds, &manifest, &progress, &backend, renewal))?;
        let closing = Closing { layout, manifest: Arc::clone(&manifest), progress: Arc::clone(&progress) };
        let wake = checkpoints.wake();
        let commits = Pipeline {
            backend: Arc::clone(&backend),
            durability,
            log,
            acknowledged,
            manifest,
            progress,
            wake,
            state,
            unsynced: None,
        };
        Ok(Self { checkpoints, writer: Writer::start(commits)?, backend, repaired, closing, room: None })
    }

    /// Runs `work` in one atomic, durable commit; see [`Writer::commit`].
    pub async fn commit<T, E, W, P>(&self, work: W, publish: P) -> Result<Result<T, E>, StorageError>
    where
        T: Send + 'static,
        E: Send + 'static,
        W: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        P: FnOnce(&T) + Send + 'static,
    {
        self.writer.commit(work, publish).await
    }

    /// Like [`Store::commit`], for a thread that may block. Where nothing can be written, it changes the copy of the rows
    /// from which this store reads.
    pub fn commit_blocking<T, E, W>(&self, work: W) -> Result<Result<T, E>, StorageError>
    where
        T: Send + 'static,
        E: Send + 'static,
        W: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        if !self.is_read_only() {
            return self.writer.commit_blocking(work);
        }
        let mut transaction = Transaction::new(&*self.backend);
        let result = transaction.undo_on_error(work);
        self.backend.apply(transaction.into_batch())?;
        Ok(result)
    }

    /// Queues `work` for a commit that nobody waits for; returns whether there was room in the queue.
    pub fn commit_detached<T, E, W, P>(&self, work: W, publish: P) -> bool
    where
        T: Send + 'static,
        E: Send + 'static,
        W: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        P: FnOnce(&T) + Send + 'static,
    {
        self.writer.commit_detached(work, publish)
    }

    /// Whether commits wait for the writer's thread, or for their answers.
    pub fn is_waited_for(&self) -> bool {
        self.writer.is_waited_for()
    }

    /// Whether a write or a sync has failed, or sled was refused something: nothing more is written until the directory is opened again.
    pub fn has_failed(&self) -> bool {
        self.closing.progress.has_failed() || self.backend.has_failed()
    }

    /// Whether nothing can be changed, since the file system is read-only.
    fn is_read_only(&self) -> bool {
        self.room.is_some()
    }

    /// Makes everything committed durable, whatever the durability.
    pub fn flush(&self) -> Result<(), StorageError> {
        if self.is_read_only() {
            return Ok(());
        }
        self.closing.manifest.check_place()?;
        // What a sync has lost the next one does not bring back, though it may say so.
        if self.has_failed() { Err(StorageError::Poisoned) } else { self.closing.progress.sync_log() }
    }

    /// Whether the directory is still the one that was opened.
    pub fn check_place(&self) -> Result<(), StorageError> {
        if self.is_read_only() { Ok(()) } else { self.closing.manifest.check_place() }
    }

    /// Writes everything that the store holds anew and removes all other files of it, with what was deleted from it;
    /// blocks. Reads and commits go on meanwhile.
    pub fn compact(&self) -> Result<(), StorageError> {
        self.writer.roll_log()?;
        self.checkpoints.shared.compact()
    }

    /// Finishes what is queued and syncs; later commits are refused.
    pub fn close(&self) -> Result<(), StorageError> {
        self.checkpoints.stop();
        self.writer.stop();
        if self.is_read_only() {
            return Ok(());
        }
        self.closing.manifest.check_place()?;
        self.closing.progress.sync_log()?;
        self.backend.sync()
    }

    /// How many memories there are.
    pub fn count(&self) -> Result<u64, StorageError> {
        let counters: Option<Counters> = self.record(&keys::meta(COUNTERS))?;
        Ok(counters.unwrap_or_default().memories)
    }

    /// The number that the next new memory gets.
    pub fn next_number(&self) -> Result<Number, StorageError> {
        let counters: Option<Counters> = self.record(&keys::meta(COUNTERS))?;
        Ok(Number(counters.unwrap_or_default().next_number))
    }

    /// What was damaged when the store was opened, and has been put right from its checkpoint and log.
    pub fn repaired(&self) -> Option<&str> {
        self.repaired.as_deref()
    }

    pub fn usage(&self) -> Result<Usage, StorageError> {
        Usage::of(&self.closing.layout, &self.closing.progress, &self.checkpoints.shared)
    }

    /// Every memory's newest version, in the order in which they were added.
    pub fn heads(&self) -> impl Iterator<Item = Result<(Number, Version), StorageError>> + Send + '_ {
        let prefix = keys::heads_prefix();
        self.heads_in(&prefix, &keys::after(&prefix))
    }

    /// The newest versions of the memories in a range of numbers, in their order.
    pub fn heads_between(
        &self,
        first: Number,
        last: Number,
    ) -> impl Iterator<Item = Result<(Number, Version), StorageError>> + Send + '_ {
        self.heads_in(&keys::head(first), &keys::after(&keys::head(last)))
    }

    fn heads_in(
        &self,
        from: &[u8],
        to: &[u8],
    ) -> impl Iterator<Item = Result<(Number, Version), StorageError>> + Send + use<'_> {
        self.backend.rows(from, to, false).filter_map(|row| match row {
            Ok((key, row)) => {
                let number = keys::trailing_number(&key)?;
                self.record_of(&key, &row).map(|head| head.map(|head| (number, head))).transpose()
            }
            Err(error) => Some(Err(error)),
        })
    }

    /// All learnings, oldest first.
    pub fn all_learnings(&self) -> Result<Vec<LearningId>, StorageError> {
        let prefix = keys::all_learnings_prefix();
        let mut ids = Vec::new();
        for row in self.backend.rows(&prefix, &keys::after(&prefix), false) {
            let (key, _) = row?;
            ids.extend(keys::trailing_id(&key, &prefix, 0).and_then(|id| LearningId::read("id", id).ok()));
        }
        Ok(ids)
    }

    /// All messages with their users, user by user in the order in which they were said.
    pub fn all_messages(&self) -> Result<Vec<(Option<String>, MessageId)>, StorageError> {
        let prefix = keys::all_message_times_prefix();
        let mut ids = Vec::new();
        for row in self.backend.rows(&prefix, &keys::after(&prefix), false) {
            let (key, _) = row?;
            let parsed = keys::parse_message_time(&key);
            ids.extend(parsed.and_then(|(user, id)| Some((user.map(str::to_owned), MessageId::read("id", id).ok()?))));
        }
        Ok(ids)
    }

    /// What is left of deleted memories, in the order of their ids.
    pub fn tombstones(&self) -> impl Iterator<Item = Result<(MemoryId, Tombstone), StorageError>> + '_ {
        let prefix = keys::tombstones_prefix();
        self.backend.rows(&prefix, &keys::after(&prefix), false).filter_map(|row| {
            let key = match row {
                Ok((key, _)) => key,
                Err(error) => return Some(Err(error)),
            };
            let id = keys::tombstone_id(&key).and_then(|id| MemoryId::read("id", id).ok());
            let damaged = || StorageError::Corrupted("the id of a deleted memory".into());
            match self.record(&key) {
                Ok(tombstone) => tombstone.map(|tombstone| Ok((id.ok_or_else(damaged)?, tombstone))),
                Err(error) => Some(Err(error)),
            }
        })
    }

    /// The numbers of memories in order of a time, from behind `place` on.
    pub fn by_time(
        &self,
        among: &ScanRange,
        order: Order,
        place: Option<Position>,
    ) -> impl Iterator<Item = Result<Number, StorageError>> + '_ {
        let prefix = match (among, order.by) {
            (_, TimeField::Updated) => keys::updated_prefix(),
            (ScanRange::All, TimeField::Created) => keys::created_prefix(),
            (ScanRange::Scope { field, value }, _) => keys::scope_prefix(field, value),
            (ScanRange::Tag(tag), _) => keys::tag_prefix(tag),
        };
        let (mut from, mut to) = (prefix.clone(), keys::after(&prefix));
        if let Some((at, number)) = place {
            let mut here = prefix;
            here.extend_from_slice(&keys::sortable(at));
            here.extend_from_slice(&number.0.to_be_bytes());
            if order.newest_first {
                to = here;
            } else {
                here.push(0);
                from = here;
            }
        }
        self.backend
            .rows(&from, &to, order.newest_first)
            .filter_map(|row| row.map(|(key, _)| keys::trailing_number(&key)).transpose())
    }

    /// The replaced versions of the memories in a range of numbers, memory by memory, oldest first.
    pub fn histories(
        &self,
        first: Number,
        last: Number,
    ) -> impl Iterator<Item = Result<(Number, Version), StorageError>> + '_ {
        let (from, to) = (keys::history(first, 0), keys::after(&keys::history_prefix(last)));
        self.backend.rows(&from, &to, false).filter_map(|row| match row {
            Ok((key, row)) => self.replaced_version(&key, &row).transpose(),
            Err(error) => Some(Err(error)),
        })
    }

    fn replaced_version(&self, key: &[u8], row: &[u8]) -> Result<Option<(Number, Version)>, StorageError> {
        let Some(number) = keys::number(key) else { return Ok(None) };
        Ok(self.record_of(key, row)?.map(|version| (number, version)))
    }

    /// The record in a row, which is read again if it has changed while its parts were read.
    fn record_of<T: DeserializeOwned>(&self, key: &[u8], row: &[u8]) -> Result<Option<T>, StorageError> {
        self.payload_of(key, row)?.map(|payload| records::decode(&payload)).transpose()
    }

    /// Replaced versions below `before`, newest first.
    pub fn history(&self, number: Number, before: u64) -> impl Iterator<Item = Result<Version, StorageError>> + '_ {
        let from = keys::history_prefix(number);
        self.backend.rows(&from, &keys::history(number, before), true).filter_map(move |row| match row {
            Ok((key, _)) => self.record(&key).transpose(),
            Err(error) => Some(Err(error)),
        })
    }

    /// A record that the engine keeps about the whole store, such as the vectors of sector prototypes.
    pub fn prototypes<T: DeserializeOwned>(&self) -> Result<Option<T>, StorageError> {
        self.record(&records::prototypes_key())
    }
}

impl Records for Store {
    fn raw(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.backend.value(key)
    }

    fn raw_with_prefix(&self, prefix: &[u8]) -> Result<Vec<Row>, StorageError> {
        self.backend.rows(prefix, &keys::after(prefix), false).collect()
    }
}

rows_over_records!(Store);

impl Drop for Store {
    fn drop(&mut self) {
        // Who forgot to close still leaves a store that is known to be whole.
        if self.close().is_err() || self.backend.has_failed() {
            self.closing.progress.fail();
        }
    }
}

/// Notes, when sled has let go of its files, how they look; then nothing need be replayed or compared at the next open.
struct Closing {
    layout: Layout,
    manifest: Arc<SharedManifest>,
    progress: Arc<Progress>,
}

impl Drop for Closing {
    fn drop(&mut self) {
        let manifest = self.manifest.now();
        let sled = self.layout.sled(manifest.sled);
        if self.progress.has_failed() || self.manifest.check_place().is_err() || !wait_until_free(&sled) {
            return;
        }
        // Without the note the next open compares all rows, and is as right.
        let _ = disk::make_private(&sled);
        if let Ok(sled) = Fingerprint::of(&sled) {
            let state = self.progress.applied();
            let _ = self.manifest.update(|manifest| manifest.session = Session::Closed { state, sled });
            recover::remove_other_sleds(&self.layout, &manifest);
        }
    }
}

#[cfg(test)]
mod tests;

//! When is the log truncated? When a file exceeds its size limit, a checkpoint is written concurrently with commits,
//! and older log segments are removed. Then sled is rebuilt if it is too large.

use crate::checkpoint::snapshot;
use crate::commit::signal::CheckpointSignal;
use crate::files::prune::prune;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;

use crate::commit::progress::Progress;
use crate::error::StorageError;
use crate::files::disk::bytes_below;
use crate::files::layout::{Layout, name};
use crate::files::manifest::SharedManifest;
use crate::files::space;
use crate::maintenance::compaction::Compaction;
use crate::options::size_limits::SizeLimits;
use crate::replay::expected_state;
use crate::rows::backend::Backend;
use crate::rows::digest::State;
use crate::wal::log::Log;
use crate::wal::redo_log;

/// A store whose log does not fill a segment for this long is not being loaded.
const QUIET: Duration = Duration::from_secs(1);

/// The state of checkpoints and backups, of which one runs at a time.
pub(crate) struct Checkpointer {
    pub layout: Layout,
    pub bounds: SizeLimits,
    pub manifest: Arc<SharedManifest>,
    pub progress: Arc<Progress>,
    pub backend: Arc<dyn Backend>,
    /// `None` if sled is not used.
    pub compaction: Option<Compaction>,
    /// The [`SizeLimits::fresh_ratio`] of the tree; 0 if it was built before the store was opened.
    pub fresh_ratio: AtomicU64,
    pub stop: AtomicBool,
    /// Held while log segments and checkpoints are created or removed.
    pub busy: Mutex<()>,
    /// The error of the last maintenance run.
    pub problem: Mutex<Option<StorageError>>,
}

impl Checkpointer {
    pub(crate) fn new(
        layout: &Layout,
        bounds: SizeLimits,
        manifest: &Arc<SharedManifest>,
        progress: &Arc<Progress>,
        backend: &Arc<dyn Backend>,
        compaction: Option<Compaction>,
    ) -> Self {
        Self {
            layout: layout.clone(),
            bounds,
            manifest: Arc::clone(manifest),
            progress: Arc::clone(progress),
            backend: Arc::clone(backend),
            compaction,
            fresh_ratio: 0.into(),
            stop: false.into(),
            busy: Mutex::default(),
            problem: Mutex::default(),
        }
    }

    /// Writes a checkpoint, proves that it and the log give the store, and removes older log segments.
    pub(crate) fn checkpoint(&self) -> Result<(), StorageError> {
        let _busy = self.busy.lock();
        self.manifest.check_place()?;
        let begin = self.progress.applied();
        let manifest = self.manifest.now();
        if manifest.checkpoint.is_some_and(|last| last.sequence == begin.sequence) {
            return Ok(());
        }
        // Leave enough space for commits.
        space::check_bytes(self.layout.directory(), begin.digest.bytes + self.bounds.segment_bytes)?;
        let path = self.layout.checkpoint(begin.sequence);
        snapshot::write(&self.layout, manifest.store, begin, &*self.backend, || !self.stop.load(Ordering::Relaxed))?;
        self.prove(&path, &begin)?;
        // sled buffers half a second of writes, and must not need commits whose log segments are about to be removed.
        self.backend.sync()?;
        // The segment of the checkpoint's last commit must stay, because its end shows whether a later segment exists.
        let needed = self.layout.logs()?.into_iter().rfind(|first| *first <= begin.sequence);
        self.manifest.update(|manifest| {
            manifest.checkpoint = Some(begin);
            // Before the first commit the oldest segment stays.
            manifest.oldest = needed.unwrap_or(manifest.oldest);
        })?;
        tracing::debug!(directory = %self.layout.directory().display(), commit = begin.sequence, "checkpoint written");
        prune(&self.layout, &self.manifest.now())
    }

    /// Checks that a checkpoint and the commits after it give the expected state.
    fn prove(&self, path: &Path, begin: &State) -> Result<(), StorageError> {
        let last = self.progress.begun();
        // The checkpoint contains rows of these commits, so they must be durable before it is.
        self.progress.sync_log()?;
        let log = Log::read(&self.layout, &self.manifest.now())?;
        let expected = if last == begin.sequence { Some(*begin) } else { log.state_after(last) };
        let found = expected_state::digest_after(Some(path), &log, self.manifest.now().store, last)?;
        match expected {
            Some(expected) if expected.digest == found => Ok(()),
            _ => Err(StorageError::Corrupted(format!("{}: does not hold what the store holds", name(path)))),
        }
    }

    /// Whether a file exceeds `times` its size limit.
    fn is_due(&self, times: u64) -> bool {
        let live = self.progress.applied().digest.bytes;
        self.log_bytes() > times * self.bounds.log(live)
            || self.checkpoint_bytes() > times * self.bounds.checkpoint(live)
            || self.sled_bytes() > times * self.sled_bound(live)
    }

    fn sled_bound(&self, live: u64) -> u64 {
        self.bounds.sled(live, self.fresh_ratio.load(Ordering::Relaxed))
    }

    fn log_bytes(&self) -> u64 {
        let logs = self.layout.logs().unwrap_or_default();
        logs.iter().map(|first| length(&self.layout.log(*first))).sum()
    }

    fn checkpoint_bytes(&self) -> u64 {
        self.manifest.now().checkpoint.map_or(0, |state| length(&self.layout.checkpoint(state.sequence)))
    }

    /// The size of the tree in use. Retired trees are removed when their last scan ends.
    fn sled_bytes(&self) -> u64 {
        bytes_below(&self.layout.sled(self.manifest.now().sled)).unwrap_or(0)
    }

    /// Writes a checkpoint, and rebuilds the tree if that is due.
    fn tidy(&self) -> Result<(), StorageError> {
        self.checkpoint()?;
        if let Some(compaction) = &self.compaction {
            let live = self.progress.applied().digest.bytes;
            if self.sled_bytes() > self.sled_bound(live) {
                self.rebuild_tree(compaction)?;
            }
        }
        Ok(())
    }

    fn rebuild_tree(&self, compaction: &Compaction) -> Result<(), StorageError> {
        let _busy = self.busy.lock();
        compaction.run(&self.layout, &self.manifest, &self.progress)?;
        let live = self.progress.applied().digest.bytes;
        self.fresh_ratio.store(self.bounds.fresh_ratio(self.sled_bytes(), live), Ordering::Relaxed);
        tracing::debug!(directory = %self.layout.directory().display(), bytes = self.sled_bytes(), "tree rebuilt");
        Ok(())
    }

    /// Removes everything from the files that is not part of the store. The log must have begun a new segment.
    pub(crate) fn compact(&self) -> Result<(), StorageError> {
        self.checkpoint()?;
        if let Some(compaction) = &self.compaction {
            self.rebuild_tree(compaction)?;
        }
        Ok(())
    }

    fn run(&self, wakeups: &Receiver<()>) {
        // A log that has grown over several short sessions is truncated too, but only at twice the limit, to keep
        // opening fast.
        self.tidy_when_due(2);
        let mut loading = false;
        loop {
            let wakeup = if loading { wakeups.recv_timeout(QUIET) } else { wakeups.recv().map_err(Into::into) };
            if self.stop.load(Ordering::Relaxed) || wakeup == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            if let Some(compaction) = &self.compaction {
                compaction.remove_retired();
            }
            // Prepares the next segment, so that commits need not wait for it. If this fails, it is created on demand.
            let _ = redo_log::prepare_spare(&self.layout, self.bounds.segment_bytes);
            loading = wakeup.is_ok();
            // Work on the files takes the processor and the disk from a load, so it waits for the load's end.
            self.tidy_when_due(if loading { 2 } else { 1 });
        }
    }

    fn tidy_when_due(&self, times: u64) {
        if self.is_due(times) && !self.progress.has_failed() {
            *self.problem.lock() = match self.tidy() {
                Ok(()) | Err(StorageError::Closed) => None,
                Err(error) => {
                    tracing::debug!(directory = %self.layout.directory().display(), %error, "checkpoint failed");
                    Some(error)
                }
            };
        }
    }
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |found| found.len())
}

/// The thread that writes checkpoints.
pub(crate) struct CheckpointThread {
    pub shared: Arc<Checkpointer>,
    wake: CheckpointSignal,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl CheckpointThread {
    pub(crate) fn start(checkpoints: Checkpointer) -> Result<Self, StorageError> {
        let shared = Arc::new(checkpoints);
        let (sender, wakeups) = sync_channel(1);
        let run = {
            let shared = Arc::clone(&shared);
            move || shared.run(&wakeups)
        };
        let thread = std::thread::Builder::new().name("openmemory-checkpoint".into()).spawn(run)?;
        Ok(Self { shared, wake: CheckpointSignal::new(sender), thread: Mutex::new(Some(thread)) })
    }

    /// For a read-only store, in which nothing grows.
    pub(crate) fn idle(checkpoints: Checkpointer) -> Self {
        Self { shared: Arc::new(checkpoints), wake: CheckpointSignal::new(sync_channel(1).0), thread: Mutex::default() }
    }

    pub(crate) fn wake(&self) -> CheckpointSignal {
        self.wake.clone()
    }

    pub(crate) fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.wake.segment_is_full();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

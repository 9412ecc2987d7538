//! When is the log cut short? When one of the files has grown beyond its part of the store: all rows are written once
//! more, beside the commits, and the log before them goes. Then sled is built anew if it is too large, or old.

use crate::checkpoint::snapshot;
use crate::commit::signal::CheckpointSignal;
use crate::files::prune::prune;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

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

/// What checkpoints and backups work on; one at a time.
pub(crate) struct Checkpointer {
    pub layout: Layout,
    pub bounds: SizeLimits,
    pub manifest: Arc<SharedManifest>,
    pub progress: Arc<Progress>,
    pub backend: Arc<dyn Backend>,
    /// None where no sled is in use.
    pub renewal: Option<Compaction>,
    /// What [`SizeLimits::built`] says of sled; 0 if it was built in an earlier life.
    pub built: AtomicU64,
    /// Checkpoints since sled was built, or the store opened.
    pub since_built: AtomicU32,
    pub stop: AtomicBool,
    /// Held while files of the log and checkpoints come and go.
    pub busy: Mutex<()>,
    /// Why the files could not be made smaller the last time.
    pub problem: Mutex<Option<StorageError>>,
}

impl Checkpointer {
    pub(crate) fn new(
        layout: &Layout,
        bounds: SizeLimits,
        manifest: &Arc<SharedManifest>,
        progress: &Arc<Progress>,
        backend: &Arc<dyn Backend>,
        renewal: Option<Compaction>,
    ) -> Self {
        Self {
            layout: layout.clone(),
            bounds,
            manifest: Arc::clone(manifest),
            progress: Arc::clone(progress),
            backend: Arc::clone(backend),
            renewal,
            built: 0.into(),
            since_built: 0.into(),
            stop: false.into(),
            busy: Mutex::default(),
            problem: Mutex::default(),
        }
    }

    /// Writes a checkpoint, proves that with the log it gives the store, and lets go of the log before it.
    pub(crate) fn checkpoint(&self) -> Result<(), StorageError> {
        let _busy = self.busy.lock();
        self.manifest.check_place()?;
        let begin = self.progress.applied();
        let manifest = self.manifest.now();
        if manifest.checkpoint.is_some_and(|last| last.sequence == begin.sequence) {
            return Ok(());
        }
        // Commits need room more than checkpoints do.
        space::check_bytes(self.layout.directory(), begin.digest.bytes + self.bounds.segment_bytes)?;
        let path = self.layout.checkpoint(begin.sequence);
        snapshot::write(&self.layout, manifest.store, begin, &*self.backend, || !self.stop.load(Ordering::Relaxed))?;
        self.prove(&path, &begin)?;
        // sled keeps the last half second in memory, and must not need commits that the log lets go of.
        self.backend.sync()?;
        // The segment that has the checkpoint's last commit: it tells of the one with the next.
        let needed = self.layout.logs()?.into_iter().rfind(|first| *first <= begin.sequence);
        self.manifest.update(|manifest| {
            manifest.checkpoint = Some(begin);
            // Before the first commit there is none, and the log begins where it began.
            manifest.oldest = needed.unwrap_or(manifest.oldest);
        })?;
        tracing::debug!(directory = %self.layout.directory().display(), commit = begin.sequence, "checkpoint written");
        prune(&self.layout, &self.manifest.now())
    }

    /// Checks that a checkpoint and the log behind it add up to the store.
    fn prove(&self, path: &Path, begin: &State) -> Result<(), StorageError> {
        let last = self.progress.begun();
        // Rows of these commits are in the checkpoint: it must not outlive them.
        self.progress.sync_log()?;
        let log = Log::read(&self.layout, &self.manifest.now())?;
        let expected = if last == begin.sequence { Some(*begin) } else { log.state_after(last) };
        let found = expected_state::digest_after(Some(path), &log, self.manifest.now().store, last)?;
        match expected {
            Some(expected) if expected.digest == found => Ok(()),
            _ => Err(StorageError::Corrupted(format!("{}: does not hold what the store holds", name(path)))),
        }
    }

    /// Whether one of the files is more than so many times as large as it may be.
    fn is_due(&self, times: u64) -> bool {
        let live = self.progress.applied().digest.bytes;
        self.log_bytes() > times * self.bounds.log(live)
            || self.checkpoint_bytes() > times * self.bounds.checkpoint(live)
            || self.sled_bytes() > times * self.sled_bound(live)
    }

    fn sled_bound(&self, live: u64) -> u64 {
        self.bounds.sled(live, self.built.load(Ordering::Relaxed))
    }

    fn log_bytes(&self) -> u64 {
        let logs = self.layout.logs().unwrap_or_default();
        logs.iter().map(|first| length(&self.layout.log(*first))).sum()
    }

    fn checkpoint_bytes(&self) -> u64 {
        self.manifest.now().checkpoint.map_or(0, |state| length(&self.layout.checkpoint(state.sequence)))
    }

    /// What the one takes that is in use; others wait for the end of a walk.
    fn sled_bytes(&self) -> u64 {
        bytes_below(&self.layout.sled(self.manifest.now().sled)).unwrap_or(0)
    }

    /// Makes the files as small as they can be.
    fn tidy(&self) -> Result<(), StorageError> {
        self.checkpoint()?;
        let checkpoints = self.since_built.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(renewal) = &self.renewal {
            let live = self.progress.applied().digest.bytes;
            if self.sled_bytes() > self.sled_bound(live) || SizeLimits::sled_is_old(checkpoints) {
                self.renew(renewal)?;
            }
        }
        Ok(())
    }

    fn renew(&self, renewal: &Compaction) -> Result<(), StorageError> {
        let _busy = self.busy.lock();
        renewal.renew(&self.layout, &self.manifest, &self.progress)?;
        let live = self.progress.applied().digest.bytes;
        self.built.store(self.bounds.built(self.sled_bytes(), live), Ordering::Relaxed);
        self.since_built.store(0, Ordering::Relaxed);
        tracing::debug!(directory = %self.layout.directory().display(), bytes = self.sled_bytes(), "tree rebuilt");
        Ok(())
    }

    /// Leaves nothing in the files but what the store holds, where the log has just gone on in a new segment.
    pub(crate) fn compact(&self) -> Result<(), StorageError> {
        self.checkpoint()?;
        if let Some(renewal) = &self.renewal {
            self.renew(renewal)?;
        }
        Ok(())
    }

    fn run(&self, woken: &Receiver<()>) {
        // A log that has grown over many short lives is cut too; but who opens a store waits for other things first.
        self.tidy_when_due(2);
        while woken.recv().is_ok() {
            if let Some(renewal) = &self.renewal {
                renewal.remove_retired();
            }
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            // Who begins a segment next finds it prepared. Without it the segment is made then.
            let _ = redo_log::prepare_spare(&self.layout, self.bounds.segment_bytes);
            self.tidy_when_due(1);
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
        let (sender, woken) = sync_channel(1);
        let run = {
            let shared = Arc::clone(&shared);
            move || shared.run(&woken)
        };
        let thread = std::thread::Builder::new().name("openmemory-checkpoint".into()).spawn(run)?;
        Ok(Self { shared, wake: CheckpointSignal::new(sender), thread: Mutex::new(Some(thread)) })
    }

    /// For a store that is not written: nothing grows.
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

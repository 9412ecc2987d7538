//! What happens to an engine whose disk has failed? The next call starts to replace it for all callers that share it:
//! once the running calls have ended, the engine is closed and its directory opened again. An attempt is made only if
//! the directory accepts a file, and after a back-off of ten times the duration of the last attempt.

use std::io::{self, Write};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use super::engine::{Engine, Options};
use openmemory_rules::Error;
use openmemory_storage::StorageError;

/// Time between two attempts, as a multiple of the duration of the last one: a disk that stays full must not keep the
/// process busy with reopening.
const BACK_OFF: u32 = 10;

/// Free bytes that a disk must have before a store that has failed on it is reopened.
const MIN_FREE_BYTES: usize = 4 << 20;

/// How long new calls wait for running ones to end. Afterwards they use the failed engine, which can still read.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 2000 });

/// A directory that is open in this process, shared by all callers that open it.
pub struct Directory {
    path: PathBuf,
    pub(super) options: Options,
    /// Description of the embedder's options, by which embedders are compared.
    pub(super) embedder: String,
    state: Mutex<State>,
    /// Notified when a call has released the engine.
    idle: Condvar,
    /// Notified when an attempt to heal has ended.
    attempts: watch::Sender<()>,
    /// Set while an attempt waits for calls to end, and after it has timed out.
    wanted: AtomicBool,
}

struct State {
    /// The engine, or the error of reopening it.
    engine: Result<Arc<Engine>, Error>,
    phase: Phase,
    /// When the last attempt ended, and how long it took.
    tried: Instant,
    took: Duration,
    healer: Option<JoinHandle<()>>,
}

impl State {
    fn is_well(&self) -> bool {
        matches!(&self.engine, Ok(engine) if !engine.has_failed())
    }
}

#[derive(PartialEq, Eq)]
enum Phase {
    Resting,
    /// An attempt checks whether the directory accepts a file. Calls continue.
    Checking,
    /// The engine is being replaced. Calls wait.
    Exchanging,
}

/// The engine of a directory, for one call. The engine is not closed while this value exists.
pub struct Shared {
    engine: Arc<Engine>,
    // Dropped after the engine.
    hold: Hold,
}

impl Deref for Shared {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

impl Shared {
    /// The directory, from which later calls get an engine even after this one has failed.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.hold.0
    }
}

struct Hold(Arc<Directory>);

impl Drop for Hold {
    fn drop(&mut self) {
        if self.0.state.lock().phase == Phase::Exchanging {
            self.0.idle.notify_all();
        }
    }
}

enum Lookup {
    Engine(Arc<Shared>),
    Nothing(Error),
    /// The caller has to wait for the running attempt.
    Soon(watch::Receiver<()>),
}

impl Directory {
    /// Opens a directory; blocks.
    pub(super) fn open(path: PathBuf, options: Options, embedder: String) -> Result<Self, Error> {
        let engine = Engine::open(options.clone())?;
        let state = State {
            engine: Ok(Arc::new(engine)),
            phase: Phase::Resting,
            tried: Instant::now(),
            // There is no back-off before the first attempt.
            took: Duration::ZERO,
            healer: None,
        };
        let attempts = watch::Sender::new(());
        Ok(Self {
            path,
            options,
            embedder,
            state: Mutex::new(state),
            idle: Condvar::new(),
            attempts,
            wanted: AtomicBool::new(false),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The engine for one call. Waits asynchronously while a failed one is being replaced.
    pub async fn engine(self: &Arc<Self>) -> Result<Arc<Shared>, Error> {
        let mut began = false;
        loop {
            match self.find(&mut began) {
                Lookup::Engine(engine) => return Ok(engine),
                Lookup::Nothing(error) => return Err(error),
                // The sender lives as long as `self`, so this cannot fail.
                Lookup::Soon(mut ended) => drop(ended.changed().await),
            }
        }
    }

    /// Whether the engine accepts writes.
    pub fn is_well(&self) -> bool {
        self.state.lock().is_well()
    }

    /// Whether a failed engine is waiting for its calls to end. Calls of unlimited duration, such as exports, should
    /// end.
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Fails if the directory was removed or replaced after it was opened.
    pub(super) fn check_place(&self) -> Result<(), Error> {
        match &self.state.lock().engine {
            Ok(engine) => engine.check_place(),
            Err(_) => Ok(()),
        }
    }

    /// Makes all acknowledged writes durable, whatever the durability setting; blocks.
    pub fn flush(self: &Arc<Self>) -> Result<(), Error> {
        let shared = match &self.state.lock().engine {
            Ok(engine) => self.share(engine),
            Err(error) => return Err(error.clone()),
        };
        shared.flush()
    }

    fn share(self: &Arc<Self>, engine: &Arc<Engine>) -> Arc<Shared> {
        Arc::new(Shared { engine: Arc::clone(engine), hold: Hold(Arc::clone(self)) })
    }

    /// Starts to replace a failed engine, unless an attempt is running or the back-off has not passed.
    pub fn heal(self: &Arc<Self>) {
        let mut state = self.state.lock();
        if !state.is_well() {
            self.begin(&mut state);
        }
    }

    /// `began` says whether this call has started an attempt, whose outcome it then waits for.
    fn find(self: &Arc<Self>, began: &mut bool) -> Lookup {
        let mut state = self.state.lock();
        if !*began && !state.is_well() {
            *began = self.begin(&mut state);
        }
        let waits = match state.phase {
            Phase::Resting => false,
            Phase::Checking => *began,
            Phase::Exchanging => true,
        };
        if waits {
            return Lookup::Soon(self.attempts.subscribe());
        }
        match &state.engine {
            Ok(engine) => Lookup::Engine(self.share(engine)),
            // The call that started the attempt gets the I/O error; the others get an error that can be retried.
            Err(error) => match StorageError::of(error) {
                Some(StorageError::Io(_) | StorageError::Directory { .. }) if !*began => {
                    Lookup::Nothing(Error::StoreFailed)
                }
                _ => Lookup::Nothing(error.clone()),
            },
        }
    }

    /// Starts an attempt to heal, if one is due. Returns whether it did.
    fn begin(self: &Arc<Self>, state: &mut State) -> bool {
        if state.phase != Phase::Resting || state.tried.elapsed() <= state.took * BACK_OFF {
            return false;
        }
        let attempt = Attempt { directory: Arc::clone(self), began: Instant::now() };
        // On a separate thread: the caller may be on the writer thread, which cannot wait for itself.
        let healer = thread::Builder::new().name("openmemory-heal".into()).spawn(move || attempt.run());
        if healer.is_ok() {
            state.phase = Phase::Checking;
        }
        state.healer = healer.ok();
        state.healer.is_some()
    }

    /// Waits until no attempt is running, and so none holds the directory.
    pub(super) fn settle(&self) {
        let healer = self.state.lock().healer.take();
        if let Some(healer) = healer {
            // A panic of the attempt does not concern the caller.
            let _ = healer.join();
        }
    }

    /// Closes the directory. No call may be using it.
    pub(super) fn close(self) -> Result<(), Error> {
        match self.state.into_inner().engine {
            Ok(engine) => engine.close(),
            // The failed engine is closed already, and nothing was written since.
            Err(_) => Ok(()),
        }
    }

    /// Whether the disk has space left: opening a store on a full disk could fail halfway.
    fn has_room(&self) -> bool {
        // The file has no name, so that it replaces no other and disappears with the process.
        let takes = || -> io::Result<()> {
            let mut file = tempfile::tempfile_in(&self.path)?;
            file.write_all(&vec![0; MIN_FREE_BYTES])?;
            openmemory_files::sync(&file)
        };
        takes().is_ok()
    }

    /// Waits until no call uses the failed engine, and closes it. Returns false if the calls take too long.
    fn close_failed(&self) -> bool {
        let failed = {
            let until = Instant::now() + DRAIN_TIMEOUT;
            let mut state = self.state.lock();
            state.phase = Phase::Exchanging;
            self.wanted.store(true, Ordering::Relaxed);
            while matches!(&state.engine, Ok(engine) if Arc::strong_count(engine) > 1) {
                if self.idle.wait_until(&mut state, until).timed_out() {
                    return false;
                }
            }
            std::mem::replace(&mut state.engine, Err(Error::StoreFailed))
        };
        if let Ok(failed) = failed {
            // Syncing is expected to fail.
            let _ = failed.close();
        }
        true
    }
}

/// An attempt to heal. Dropping it, even after a panic, lets the waiting calls continue.
struct Attempt {
    directory: Arc<Directory>,
    began: Instant,
}

impl Attempt {
    fn run(self) {
        let directory = &self.directory;
        if directory.has_room() && directory.close_failed() {
            directory.wanted.store(false, Ordering::Relaxed);
            let opened = Engine::open(directory.options.clone()).map(Arc::new);
            let error = opened.as_ref().err().map(Error::to_string);
            tracing::debug!(directory = %directory.path.display(), error, "failed store opened again");
            directory.state.lock().engine = opened;
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut state = self.directory.state.lock();
        state.phase = Phase::Resting;
        state.tried = Instant::now();
        state.took = self.began.elapsed();
        drop(state);
        self.directory.attempts.send_replace(());
    }
}

#[cfg(test)]
mod tests;

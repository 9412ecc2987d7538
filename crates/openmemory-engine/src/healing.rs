//! What happens to an engine whose disk has failed? The next call closes it and opens its directory again, for everybody who
//! shares it: once the calls under way have ended, at most once in ten times the time that this takes, and only where the
//! directory takes a file.

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

/// A failed engine is used for so many times the time that the last attempt took: a disk that stays full must not keep the
/// process busy with opening.
const BACK_OFF: u32 = 10;

/// Bytes that a disk must have to spare before a store that it has failed is opened again.
const ROOM: usize = 4 << 20;

/// How long calls wait for those before them to end. Afterwards they use the failed engine, which still reads.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 2000 });

/// A directory that is open in this process; everybody who opens it shares it.
pub struct Directory {
    path: PathBuf,
    pub(super) options: Options,
    /// Tells embedders apart.
    pub(super) embedder: String,
    state: Mutex<State>,
    /// Nobody uses the engine any more.
    idle: Condvar,
    /// Sent to when an attempt to heal has ended.
    attempts: watch::Sender<()>,
    /// An attempt waits for calls to end, or has waited in vain.
    wanted: AtomicBool,
}

struct State {
    /// Or why it could not be opened again.
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
    /// Finds out whether there is any use in it. Calls go on meanwhile.
    Checking,
    /// Calls wait.
    Exchanging,
}

/// A directory's engine, for one call: as long as this lives, the engine is not closed.
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
    /// What gives the engine to later calls, also after this one has failed.
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
    /// There will be more to say when the attempt that is under way has ended.
    Soon(watch::Receiver<()>),
}

impl Directory {
    /// Opens it; blocks.
    pub(super) fn open(path: PathBuf, options: Options, embedder: String) -> Result<Self, Error> {
        let engine = Engine::open(options.clone())?;
        let state = State {
            engine: Ok(Arc::new(engine)),
            phase: Phase::Resting,
            tried: Instant::now(),
            // The first failure is healed at once.
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

    /// The engine for one call. Waits without a thread where a failed one is being replaced.
    pub async fn engine(self: &Arc<Self>) -> Result<Arc<Shared>, Error> {
        let mut began = false;
        loop {
            match self.find(&mut began) {
                Lookup::Engine(engine) => return Ok(engine),
                Lookup::Nothing(error) => return Err(error),
                // The sender lives as long as this does.
                Lookup::Soon(mut ended) => drop(ended.changed().await),
            }
        }
    }

    /// Whether the engine writes.
    pub fn is_well(&self) -> bool {
        self.state.lock().is_well()
    }

    /// Whether a failed engine is kept open by the calls that use it: those that take as long as somebody likes should end.
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Refuses where another directory, or none, is in the place of the one that was opened.
    pub(super) fn check_place(&self) -> Result<(), Error> {
        match &self.state.lock().engine {
            Ok(engine) => engine.check_place(),
            Err(_) => Ok(()),
        }
    }

    /// Makes everything that has been answered durable, whatever the durability; blocks.
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

    /// Begins to replace an engine that has failed, where it is time to.
    pub fn heal(self: &Arc<Self>) {
        let mut state = self.state.lock();
        if !state.is_well() {
            self.begin(&mut state);
        }
    }

    /// `began`: whether this call has begun an attempt, whose outcome it waits for.
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
            // The disk's refusal is told to the call that has tried; the others may ask again.
            Err(error) => match StorageError::of(error) {
                Some(StorageError::Io(_) | StorageError::Directory { .. }) if !*began => {
                    Lookup::Nothing(Error::StoreFailed)
                }
                _ => Lookup::Nothing(error.clone()),
            },
        }
    }

    /// Whether an attempt to heal has begun with this.
    fn begin(self: &Arc<Self>, state: &mut State) -> bool {
        if state.phase != Phase::Resting || state.tried.elapsed() <= state.took * BACK_OFF {
            return false;
        }
        let attempt = Attempt { directory: Arc::clone(self), began: Instant::now() };
        // On a thread of its own: the caller's may be the writer's, which answers calls and cannot wait for itself.
        let healer = thread::Builder::new().name("openmemory-heal".into()).spawn(move || attempt.run());
        if healer.is_ok() {
            state.phase = Phase::Checking;
        }
        state.healer = healer.ok();
        state.healer.is_some()
    }

    /// Waits until no attempt is under way, and nothing of it holds the directory.
    pub(super) fn settle(&self) {
        let healer = self.state.lock().healer.take();
        if let Some(healer) = healer {
            // A panic in it is its own affair.
            let _ = healer.join();
        }
    }

    /// Closes it. Must be in nobody's use.
    pub(super) fn close(self) -> Result<(), Error> {
        match self.state.into_inner().engine {
            Ok(engine) => engine.close(),
            // Nothing has been written since it was closed.
            Err(_) => Ok(()),
        }
    }

    /// Opening a store on a full disk could fail halfway.
    fn has_room(&self) -> bool {
        // Without a name, so that it is in no other file's place and gone with the process.
        let takes = || -> io::Result<()> {
            let mut file = tempfile::tempfile_in(&self.path)?;
            file.write_all(&vec![0; ROOM])?;
            file.sync_all()
        };
        takes().is_ok()
    }

    /// Waits until nobody uses the failed engine and takes it. False: they take too long.
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
            // That it cannot sync is known.
            let _ = failed.close();
        }
        true
    }
}

/// However it ends, calls go on afterwards.
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

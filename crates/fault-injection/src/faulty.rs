//! How does a process with an engine handle a fault? It continues like a service, and reopens the store when necessary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use openmemory_domain::{Clock, SystemClock};
use openmemory_engine::{Engine, Options, doctor};
use openmemory_rules::Error;
use openmemory_rules::contract::Control;
use openmemory_storage::SizeLimits;

use crate::life::{End, Host, TRIES, Writers, live};
use crate::session::{check, options, say};
use crate::writer::{Step, Writer};

/// So small that a few rounds fill segments and cause checkpoints and a rebuild of sled.
pub const BOUNDS: SizeLimits = SizeLimits { segment_bytes: 64 * 1024, log_bytes: 256 * 1024 };

/// `faulty STORE SEED`
pub fn run(arguments: &[String]) -> ExitCode {
    let [store, seed] = arguments else { return ExitCode::from(2) };
    let Ok(seed) = seed.parse() else { return ExitCode::from(2) };
    let process = Process { store: store.into(), engine: None, model: 0, rejections: 0, poisoned: false };
    live(process.live(Writers::new(seed)))
}

struct Process {
    store: PathBuf,
    engine: Option<Arc<Engine>>,
    /// The embedder to open it with.
    model: usize,
    /// Rejected steps since the last accepted one.
    rejections: usize,
    /// Whether the engine has reported that the contents of the disk are unknown.
    poisoned: bool,
}

impl Host for Process {
    async fn take(&mut self, step: Step) -> Result<(), String> {
        let engine = self.engine()?;
        match step.take(&engine).await {
            Ok(()) => self.rejections = 0,
            Err(error) => {
                self.rejections += 1;
                self.poisoned = matches!(error, Error::StoreFailed);
                return Err(error.to_string());
            }
        }
        Ok(())
    }

    async fn found(&mut self, seed: u64, steps: &[u64]) -> Result<Vec<Writer>, String> {
        let found = check(&*self.engine()?, seed, steps);
        if found.is_ok() && self.rejections <= 1 && !self.poisoned {
            return found;
        }
        self.poisoned = false;
        self.close();
        check(&*self.engine()?, seed, steps)
    }
}

impl Process {
    async fn live(mut self, mut writers: Writers) -> Result<(), End> {
        // The first session closes the store, the second does not.
        for (model, close) in [(0, true), (1, false)] {
            self.model = model;
            self.reindex().await?;
            writers.write(&mut self).await?;
            self.back_up().map_err(End::Problem)?;
            writers.write(&mut self).await?;
            if close {
                self.close();
            } else {
                self.engine = None;
            }
        }
        // Finally the store cannot be opened any more, and is repaired from sled.
        truncate_log(&self.store);
        self.repair().map_err(End::Problem)?;
        writers.write(&mut self).await
    }

    /// Closes the store after a failure so that it is reopened, as the binding and the server do.
    fn heal(&mut self, error: &Error) {
        if matches!(error.code().as_str(), "IO" | "UNAVAILABLE" | "CORRUPTED" | "INTERNAL" | "CLOSED") {
            self.close();
        }
    }

    fn close(&mut self) {
        if let Some(engine) = self.engine.take() {
            let _ = engine.close();
        }
    }

    fn engine(&mut self) -> Result<Arc<Engine>, String> {
        let mut problem = String::new();
        for _ in 0..TRIES {
            if let Some(engine) = &self.engine {
                return Ok(Arc::clone(engine));
            }
            match Engine::open(Options { bounds: BOUNDS, ..options(&self.store, self.model) }) {
                Ok(engine) => self.engine = Some(Arc::new(engine)),
                Err(error) => problem = error.to_string(),
            }
        }
        Err(format!("the store does not open: {problem}"))
    }

    /// Reindexes for the session's embedder, without which texts cannot be added.
    async fn reindex(&mut self) -> Result<(), End> {
        for _ in 0..TRIES {
            let engine = self.engine().map_err(End::Problem)?;
            let Err(error) = engine.reindex(&Control::default()).await else { return Ok(()) };
            say(&format!("refused {error}"));
            drop(engine);
            self.heal(&error);
        }
        Err(End::Problem("the store is not reindexed".into()))
    }

    fn back_up(&mut self) -> Result<(), String> {
        let backup = self.store.with_file_name("backup");
        let engine = self.engine()?;
        say("backup gone");
        let _ = fs::remove_dir_all(&backup);
        match engine.backup(&backup, &Control::default()) {
            Ok(_) => say("backup backup"),
            Err(error) => say(&format!("refused {error}")),
        }
        Ok(())
    }

    fn repair(&mut self) -> Result<(), String> {
        let mut problem = String::new();
        for _ in 0..TRIES {
            match doctor(&self.store, true, SystemClock.now()) {
                Ok(found) if found.repair.as_ref().is_none_or(|repair| repair.lost.is_empty()) => return Ok(()),
                Ok(found) => problem = format!("{found:?}"),
                Err(error) => problem = error.to_string(),
            }
        }
        Err(format!("the store is not repaired: {problem}"))
    }
}

/// Truncates the last log segment, so that only sled has the state of the store.
fn truncate_log(store: &Path) {
    let logs = fs::read_dir(store).into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = logs.filter(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("log-"))).max();
    let cut = newest.and_then(|path| fs::OpenOptions::new().write(true).open(path).ok());
    if let Some(file) = cut {
        let length = file.metadata().map_or(0, |found| found.len());
        let _ = file.set_len(length.saturating_sub(1));
    }
}

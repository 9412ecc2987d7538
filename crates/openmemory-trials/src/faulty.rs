//! The process that meets a failure: it goes on as a service would, and is killed at the end, or soon after the failure.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use openmemory_core::domain::{Clock, SystemClock};
use openmemory_core::engine::{Control, Engine, Error, doctor};
use openmemory_core::storage::{Bounds, Durability, StorageError};

use crate::session::{WRITERS, check, open_within, say};
use crate::writer::Writer;

/// Steps of each writer between two other things that it lives through.
const STEPS: u64 = 6;
/// So small that this is enough for new segments, checkpoints and a rebuild of sled.
const BOUNDS: Bounds = Bounds { segment_bytes: 64 * 1024, log_bytes: 256 * 1024 };
/// Steps of each writer after the failure, before the kill.
const STEPS_AFTER: u64 = 4;
/// How often something is tried again: failures come in short rows.
const TRIES: usize = 20;

/// `faulty STORE SEED`
pub fn run(arguments: &[String]) -> ExitCode {
    let [store, seed] = arguments else { return ExitCode::from(2) };
    let Ok(seed) = seed.parse() else { return ExitCode::from(2) };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return ExitCode::FAILURE };
    let mut service = Service {
        store: Path::new(store),
        seed,
        engine: None,
        model: 0,
        refusals: 0,
        steps: vec![0; WRITERS],
        left: None,
    };
    let ended = runtime.block_on(service.live());
    match ended {
        Ok(()) | Err(End::Killed) => say("end of the story"),
        Err(End::Problem(problem)) => say(&format!("! {problem}")),
    }
    // As a kill: nothing is closed, and no destructor runs.
    std::process::abort()
}

/// Why a life ends before its time.
enum End {
    /// The failure is some steps ago.
    Killed,
    Problem(String),
}

struct Service<'a> {
    store: &'a Path,
    seed: u64,
    engine: Option<Arc<Engine>>,
    /// Which embedder it is opened with.
    model: usize,
    /// Refusals since the last change that was taken.
    refusals: usize,
    /// How far each writer is.
    steps: Vec<u64>,
    /// Rounds until the kill, once a call has failed.
    left: Option<u64>,
}

impl Service<'_> {
    async fn live(&mut self) -> Result<(), End> {
        // One life is closed, one is left without a close.
        for (model, close) in [(0, true), (1, false)] {
            self.model = model;
            self.take_its_vectors().await?;
            self.write().await?;
            self.back_up().await?;
            self.write().await?;
            if close {
                self.close();
            } else {
                self.engine = None;
            }
        }
        // What cannot be opened any more, and is repaired from sled.
        self.end_without_closing();
        self.repair()?;
        self.write().await
    }

    /// Takes the next steps, one writer after the other. One that is refused is left to a later round: others go on in the
    /// meantime, with changes that are smaller or larger.
    async fn write(&mut self) -> Result<(), End> {
        for _ in 0..STEPS {
            if self.left.is_none() && self.has_failed() {
                self.left = Some(STEPS_AFTER);
            }
            match self.left {
                Some(0) => return Err(End::Killed),
                Some(left) => self.left = Some(left - 1),
                None => {}
            }
            for writer in 0..WRITERS {
                self.step(writer).await?;
            }
        }
        for writer in 0..WRITERS {
            let mut tries = 0;
            while !self.step(writer).await? {
                tries += 1;
                if tries == TRIES {
                    return Err(End::Problem("a step is refused again and again".into()));
                }
            }
        }
        Ok(())
    }

    /// Takes the next step of a writer; false where it was refused.
    async fn step(&mut self, number: usize) -> Result<bool, End> {
        let engine = self.engine()?;
        let mut writer = Writer::after(self.seed, number, self.steps[number]);
        let Err(error) = writer.step().take(&engine).await else {
            self.steps[number] = writer.steps();
            self.refusals = 0;
            say(&format!("{number} {}", writer.steps()));
            return Ok(true);
        };
        say(&format!("refused {error}"));
        self.refusals += 1;
        // Done as a whole, or not at all. An engine that cannot tell is given up.
        let mut found = check(&engine, self.seed, &self.steps);
        drop(engine);
        if found.is_err() || self.refusals > 1 || matches!(error, Error::Storage(StorageError::Poisoned)) {
            self.close();
            let engine = self.engine()?;
            found = check(&engine, self.seed, &self.steps);
        }
        let found = found.map_err(|problem| End::Problem(format!("after a refusal ({error}): {problem}")))?;
        let before = self.steps[number];
        for (writer, found) in found.iter().enumerate().filter(|(writer, found)| found.steps() > self.steps[*writer]) {
            // Whoever has read it must find it later. It may be an earlier refusal's, of which only the log knew.
            say(&format!("{writer} {}", found.steps()));
        }
        self.steps = found.iter().map(Writer::steps).collect();
        Ok(self.steps[number] > before)
    }

    /// Opens the store anew after a failure, as the binding and the server do.
    fn heal(&mut self, error: &Error) {
        if matches!(error.code(), "IO" | "CORRUPTED" | "INTERNAL" | "CLOSED") {
            self.close();
        }
    }

    fn close(&mut self) {
        if let Some(engine) = self.engine.take() {
            let _ = engine.close();
        }
    }

    fn engine(&mut self) -> Result<Arc<Engine>, End> {
        let mut problem = String::new();
        for _ in 0..TRIES {
            if let Some(engine) = &self.engine {
                return Ok(Arc::clone(engine));
            }
            match open_within(self.store, Durability::Flush, self.model, BOUNDS) {
                Ok(engine) => self.engine = Some(Arc::new(engine)),
                Err(error) => problem = error.to_string(),
            }
        }
        Err(End::Problem(format!("the store does not open: {problem}")))
    }

    /// Writes the vectors of a new embedder, which further texts need.
    async fn take_its_vectors(&mut self) -> Result<(), End> {
        for _ in 0..TRIES {
            let engine = self.engine()?;
            let Err(error) = engine.reindex(&Control::default()).await else { return Ok(()) };
            say(&format!("refused {error}"));
            drop(engine);
            self.heal(&error);
        }
        Err(End::Problem("the vectors are not written".into()))
    }

    async fn back_up(&mut self) -> Result<(), End> {
        let backup = self.beside("backup");
        let engine = self.engine()?;
        say("backup goes");
        let _ = fs::remove_dir_all(&backup);
        match engine.backup(&backup, &Control::default()) {
            Ok(_) => say("backup made"),
            Err(error) => say(&format!("refused {error}")),
        }
        Ok(())
    }

    /// The segment that the log ended with loses its end, so that only sled still tells what the store held.
    fn end_without_closing(&mut self) {
        let logs = fs::read_dir(self.store).into_iter().flatten().flatten().map(|entry| entry.path());
        let newest =
            logs.filter(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("log-"))).max();
        let cut = newest.and_then(|path| fs::OpenOptions::new().write(true).open(path).ok());
        if let Some(file) = cut {
            let length = file.metadata().map_or(0, |found| found.len());
            let _ = file.set_len(length.saturating_sub(1));
        }
    }

    fn repair(&mut self) -> Result<(), End> {
        let mut problem = String::new();
        for _ in 0..TRIES {
            match doctor(self.store, true, SystemClock.now()) {
                Ok(found) if found.repair.as_ref().is_none_or(|repair| repair.lost.is_empty()) => return Ok(()),
                Ok(found) => problem = format!("{found:?}"),
                Err(error) => problem = error.to_string(),
            }
        }
        Err(End::Problem(format!("the store is not repaired: {problem}")))
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.store.with_file_name(name)
    }

    /// Whether the call that was to fail has failed.
    fn has_failed(&self) -> bool {
        let variable = |name: &str| std::env::var_os(format!("OPENMEMORY_FAULT_{name}")).unwrap_or_default();
        variable("AT") != "0" && fs::metadata(variable("REPORT")).is_ok_and(|report| report.len() > 0)
    }
}

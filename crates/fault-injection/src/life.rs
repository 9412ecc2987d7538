//! How does a service behave around a fault? Its writers continue in turn and retry rejected steps later. Some rounds
//! after a call has failed, it is killed.

use std::fs;
use std::process::ExitCode;

use crate::session::{WRITERS, say};
use crate::writer::{Step, Writer};

/// Rounds of each writer between other operations of the service.
const ROUNDS: u64 = 6;
/// Rounds between the fault and the kill.
const ROUNDS_LEFT: u64 = 4;
/// Retries: faults come in short series.
pub const TRIES: usize = 20;

/// The process that holds the store.
pub trait Host {
    /// Performs a step, or returns why it failed.
    async fn take(&mut self, step: Step) -> Result<(), String>;

    /// The progress of each writer after a rejected step, which must have happened completely or not at all.
    async fn found(&mut self, seed: u64, steps: &[u64]) -> Result<Vec<Writer>, String>;
}

/// Why a run ends early.
pub enum End {
    /// Enough rounds have passed since the fault.
    Killed,
    Problem(String),
}

pub struct Writers {
    seed: u64,
    /// The steps of each writer.
    steps: Vec<u64>,
    /// Rounds until the kill, once a call has failed.
    left: Option<u64>,
}

impl Writers {
    pub fn new(seed: u64) -> Self {
        Self { seed, steps: vec![0; WRITERS], left: None }
    }

    /// Takes the next steps, one writer after the other. A rejected step is retried in a later round, while other
    /// writers continue with smaller or larger changes.
    pub async fn write(&mut self, host: &mut impl Host) -> Result<(), End> {
        for _ in 0..ROUNDS {
            if self.left.is_none() && has_failed() {
                self.left = Some(ROUNDS_LEFT);
            }
            match self.left {
                Some(0) => return Err(End::Killed),
                Some(left) => self.left = Some(left - 1),
                None => {}
            }
            for writer in 0..WRITERS {
                self.step(host, writer).await?;
            }
        }
        for writer in 0..WRITERS {
            let mut tries = 0;
            while !self.step(host, writer).await? {
                tries += 1;
                if tries == TRIES {
                    return Err(End::Problem("a step is rejected again and again".into()));
                }
            }
        }
        Ok(())
    }

    /// Takes the next step of a writer; false if it was rejected.
    async fn step(&mut self, host: &mut impl Host, number: usize) -> Result<bool, End> {
        let mut writer = Writer::after(self.seed, number, self.steps[number]);
        let Err(error) = host.take(writer.step()).await else {
            self.steps[number] = writer.steps();
            say(&format!("{number} {}", writer.steps()));
            return Ok(true);
        };
        say(&format!("refused {error}"));
        let found = host.found(self.seed, &self.steps).await;
        let found = found.map_err(|problem| End::Problem(format!("after an error ({error}): {problem}")))?;
        let before = self.steps[number];
        for (writer, found) in found.iter().enumerate().filter(|(writer, found)| found.steps() > self.steps[*writer]) {
            // A step that was read must be found later. It may have been rejected earlier, and be known from the log
            // only.
            say(&format!("{writer} {}", found.steps()));
        }
        self.steps = found.iter().map(Writer::steps).collect();
        Ok(self.steps[number] > before)
    }
}

/// Whether the selected call has failed.
fn has_failed() -> bool {
    let variable = |name: &str| std::env::var_os(format!("OPENMEMORY_FAULT_{name}")).unwrap_or_default();
    variable("AT") != "0" && fs::metadata(variable("REPORT")).is_ok_and(|report| report.len() > 0)
}

/// Runs to the end and aborts, as a kill does: nothing is closed, and no destructors run.
pub fn live(life: impl Future<Output = Result<(), End>>) -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    match runtime.block_on(life) {
        Ok(()) | Err(End::Killed) => say("end of the story"),
        Err(End::Problem(problem)) => say(&format!("! {problem}")),
    }
    std::process::abort()
}

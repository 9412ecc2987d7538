//! How does a service live that meets a failure? Its writers go on, one after the other; what is refused is tried again
//! later, and once a call has failed some rounds are left before it is killed.

use std::fs;
use std::process::ExitCode;

use crate::session::{WRITERS, say};
use crate::writer::{Step, Writer};

/// Rounds of each writer between two other things that the service lives through.
const ROUNDS: u64 = 6;
/// Rounds after the failure, before the kill.
const ROUNDS_LEFT: u64 = 4;
/// How often something is tried again: failures come in short rows.
pub const TRIES: usize = 20;

/// What holds the store.
pub trait Host {
    /// Takes a step, or says why it did not.
    async fn take(&mut self, step: Step) -> Result<(), String>;

    /// How far each writer is, after a refusal: done as a whole, or not at all.
    async fn found(&mut self, seed: u64, steps: &[u64]) -> Result<Vec<Writer>, String>;
}

/// Why a life ends before its time.
pub enum End {
    /// The failure is some rounds ago.
    Killed,
    Problem(String),
}

pub struct Writers {
    seed: u64,
    /// How far each is.
    steps: Vec<u64>,
    /// Rounds until the kill, once a call has failed.
    left: Option<u64>,
}

impl Writers {
    pub fn new(seed: u64) -> Self {
        Self { seed, steps: vec![0; WRITERS], left: None }
    }

    /// Takes the next steps, one writer after the other. One that is refused is left to a later round: others go on in the
    /// meantime, with changes that are smaller or larger.
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
                    return Err(End::Problem("a step is refused again and again".into()));
                }
            }
        }
        Ok(())
    }

    /// Takes the next step of a writer; false where it was refused.
    async fn step(&mut self, host: &mut impl Host, number: usize) -> Result<bool, End> {
        let mut writer = Writer::after(self.seed, number, self.steps[number]);
        let Err(refusal) = host.take(writer.step()).await else {
            self.steps[number] = writer.steps();
            say(&format!("{number} {}", writer.steps()));
            return Ok(true);
        };
        say(&format!("refused {refusal}"));
        let found = host.found(self.seed, &self.steps).await;
        let found = found.map_err(|problem| End::Problem(format!("after a refusal ({refusal}): {problem}")))?;
        let before = self.steps[number];
        for (writer, found) in found.iter().enumerate().filter(|(writer, found)| found.steps() > self.steps[*writer]) {
            // Whoever has read it must find it later. It may be an earlier refusal's, of which only the log knew.
            say(&format!("{writer} {}", found.steps()));
        }
        self.steps = found.iter().map(Writer::steps).collect();
        Ok(self.steps[number] > before)
    }
}

/// Whether the call that was to fail has failed.
fn has_failed() -> bool {
    let variable = |name: &str| std::env::var_os(format!("OPENMEMORY_FAULT_{name}")).unwrap_or_default();
    variable("AT") != "0" && fs::metadata(variable("REPORT")).is_ok_and(|report| report.len() > 0)
}

/// Lives, and dies as by a kill: nothing is closed, and no destructor runs.
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

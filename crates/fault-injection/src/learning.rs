//! Does what a server learns survive a power cut? Each learning must be there whole or not at all, and what was answered
//! before it was learnt from must be learnt from by the next server.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use openmemory_engine::Engine;
use openmemory_rules::Error;
use openmemory_storage::Durability;
use serde_json::json;
use tokio::task::LocalSet;
use tokio::time::sleep;

use crate::lesson::{LEARNERS, Pupil, learnt, said};
use crate::powercut::{Story, name};
use crate::service::{Service, Setup};
use crate::session::{open, say};

/// A server that learns.
pub const LEARNING: Story = Story { clients: LEARNERS.len(), arguments, check };

/// Each server but the last one leaves work to the next.
const SERVERS: u64 = 3;
/// Lessons of each learner by each server.
const LESSONS: u64 = 8;
/// Longer than a model takes to answer an add.
const PACE: Duration = Duration::from_millis(6);
/// What is to be learnt when a server stops.
const WAITING: &str = "mem0/waiting/";
/// The pause between two looks at what waits, and their number.
const PAUSE: Duration = Duration::from_millis(2);
const MAX_LOOKS: usize = 10_000;

fn arguments(root: &Path, seed: u64, durability: Durability) -> Vec<OsString> {
    vec!["learning".into(), root.into(), seed.to_string().into(), name(durability).into()]
}

/// `learning STORE SEED DURABILITY`
pub fn run(arguments: &[String]) -> ExitCode {
    let [store, seed, durability] = arguments else { return ExitCode::from(2) };
    let Ok(seed) = seed.parse() else { return ExitCode::from(2) };
    let durability = if durability == "interval" { Durability::Interval } else { Durability::Flush };
    let taught = within_runtime(teach(Path::new(store), seed, durability));
    match taught {
        // Half of the processes exit without closing the store.
        Ok(()) => std::process::exit(0),
        Err(problem) => {
            say(&format!("! {problem}"));
            ExitCode::FAILURE
        }
    }
}

fn within_runtime<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(work)
}

fn setup(durability: Durability, pace: Duration) -> Setup {
    Setup { durability, language_model: Some(Arc::new(Pupil { pace })) }
}

async fn teach(store: &Path, seed: u64, durability: Durability) -> Result<(), String> {
    for server in 0..SERVERS {
        let service = Arc::new(Service::start(store, &setup(durability, PACE)).await?);
        let local = LocalSet::new();
        let mut lessons = Vec::new();
        for learner in 0..LEARNERS.len() {
            let service = Arc::clone(&service);
            lessons.push(local.spawn_local(async move {
                for lesson in server * LESSONS + 1..=(server + 1) * LESSONS {
                    give(&service, learner, lesson).await?;
                    say(&format!("{learner} {lesson}"));
                }
                Ok::<_, String>(())
            }));
        }
        local.await;
        for lesson in lessons {
            lesson.await.map_err(|_| "a learner panicked")??;
        }
        if server + 1 < SERVERS || seed.is_multiple_of(2) {
            service.close().await.map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// Whether lessons are answered before they are learnt from.
fn is_answered_first(learner: usize) -> bool {
    learner.is_multiple_of(2)
}

async fn give(service: &Service, learner: usize, lesson: u64) -> Result<(), String> {
    let path = if is_answered_first(learner) { "/v3/memories/add/" } else { "/memory/learn" };
    let name = LEARNERS[learner];
    let messages = said(name, lesson).into_iter().map(|content| json!({ "role": "user", "content": content }));
    let body = json!({ "user_id": name, "messages": messages.collect::<Vec<_>>() });
    match service.request("POST", path, &body).await? {
        (200, _) => Ok(()),
        (status, answer) => Err(format!("{status} {answer}")),
    }
}

/// Opens an image: what was learnt is whole. Then a server learns what was answered.
fn check(image: &Path, _seed: u64, durability: Durability, answered: &[u64]) -> Result<bool, String> {
    let text = |error: Error| error.to_string();
    let engine = open(image, durability, 0).map_err(text)?;
    let repaired = engine.stats().map_err(text)?.repaired.is_some();
    check_lessons(&engine, durability, answered, false)?;
    engine.close().map_err(text)?;
    drop(engine);
    within_runtime(async {
        let service = Service::start(image, &setup(durability, Duration::ZERO)).await?;
        all_is_learnt(&service).await?;
        let checked = service.with_engine(|engine| match engine.stats().map_err(text)?.repaired {
            Some(again) => Err(format!("repaired twice: {again}")),
            None => check_lessons(engine, durability, answered, true),
        });
        checked.await?;
        service.close().await.map_err(text)
    })?;
    Ok(repaired)
}

/// Checks that no lesson is missing that was learnt, or with `is_done` answered.
fn check_lessons(engine: &Engine, durability: Durability, answered: &[u64], is_done: bool) -> Result<(), String> {
    for (learner, answered) in answered.iter().enumerate() {
        // The last half second may be missing.
        let is_promised = durability == Durability::Flush && (is_done || !is_answered_first(learner));
        let least = if is_promised { *answered } else { 0 };
        let found = learnt(engine, LEARNERS[learner])?;
        if !(least..=answered + 1).contains(&found) {
            let name = LEARNERS[learner];
            return Err(format!("{name} has learnt {found} lessons, after {answered} were answered ({is_done})"));
        }
    }
    Ok(())
}

/// Waits until the server has learnt what an earlier one has answered.
async fn all_is_learnt(service: &Service) -> Result<(), String> {
    let waiting = || async {
        let names = service.with_engine(|engine| engine.document_names(WAITING).map_err(|error| error.to_string()));
        names.await.map(|names| names.len())
    };
    for _ in 0..MAX_LOOKS {
        if waiting().await? == 0 {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
    Err(format!("{} answered lessons are not learnt", waiting().await?))
}

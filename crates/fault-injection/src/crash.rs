//! Does a store survive `kill -9`? The scenario: an agent's process dies at any moment, even while it opens the store.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use openmemory_storage::Durability;

use crate::rng::Rng;
use crate::session::{WRITERS, check, open};

/// Kills per store.
const ROUNDS: usize = 25;

/// The result of a run.
#[derive(Default)]
pub struct Outcome {
    pub rounds: usize,
    pub acknowledged: u64,
    /// Why sled was rebuilt after a kill. Surviving a kill is not a guarantee of the tree.
    pub rebuilt: Vec<String>,
    pub failures: Vec<String>,
}

pub fn run(rounds: usize, seed: u64) -> Outcome {
    let mut outcome = Outcome::default();
    let mut rng = Rng::new(seed);
    // Starts with a new store regularly, so that creation is interrupted too and stores do not grow without bound.
    while outcome.rounds < rounds && outcome.failures.is_empty() {
        let directory = match tempfile::tempdir() {
            Ok(directory) => directory,
            Err(error) => return failed(outcome, error.to_string()),
        };
        let seed = seed + outcome.rounds as u64;
        let mut acknowledged = vec![0; WRITERS];
        // A kill loses nothing that was written, so `interval` guarantees the same here.
        let durability = ["flush", "flush", "interval"][outcome.rounds / ROUNDS % 3];
        for _ in 0..ROUNDS.min(rounds - outcome.rounds) {
            let before: u64 = acknowledged.iter().sum();
            match round(directory.path(), (seed, durability, outcome.rounds), &mut acknowledged, &mut rng) {
                Ok(rebuilt) => outcome.rebuilt.extend(rebuilt),
                Err(problem) => return failed(outcome, problem),
            }
            outcome.acknowledged += acknowledged.iter().sum::<u64>() - before;
            outcome.rounds += 1;
        }
        let checked = open(directory.path(), Durability::Flush, 0).map_err(|error| error.to_string());
        if let Err(problem) = checked.and_then(|engine| check(&engine, seed, &acknowledged).map(drop)) {
            return failed(outcome, problem);
        }
    }
    outcome
}

fn failed(mut outcome: Outcome, problem: String) -> Outcome {
    outcome.failures.push(format!("round {}: {problem}", outcome.rounds));
    outcome
}

/// Runs a child and kills it after a random time. The child first checks the store, and reports whether sled was
/// rebuilt.
fn round(
    directory: &Path,
    which: (u64, &str, usize),
    acknowledged: &mut [u64],
    rng: &mut Rng,
) -> Result<Option<String>, String> {
    let mut child = spawn(directory, which, acknowledged).map_err(|error| error.to_string())?;
    let output = child.stdout.take().ok_or("no output")?;
    let max_micros = if rng.one_in(3) { 25_000 } else { 250_000 };
    let killed_after = Duration::from_micros(rng.below(max_micros) as u64);
    let killer = std::thread::spawn(move || {
        std::thread::sleep(killed_after);
        let _ = child.kill();
        child.wait()
    });
    let (mut problem, mut rebuilt) = (None, None);
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        match line.split_once(' ') {
            Some(("!", message)) => problem = Some(message.to_owned()),
            Some(("~", message)) => rebuilt = Some(message.to_owned()),
            Some((writer, steps)) => note(acknowledged, writer, steps),
            None => {}
        }
    }
    killer.join().map_err(|_| "the killer panicked")?.map_err(|error| error.to_string())?;
    problem.map_or(Ok(rebuilt), Err)
}

fn spawn(
    directory: &Path,
    (seed, durability, round): (u64, &str, usize),
    acknowledged: &[u64],
) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .arg("child")
        .arg(directory)
        .args([seed.to_string(), durability.into(), (round / 3).to_string(), "1".into(), "1000000".into()])
        .args(acknowledged.iter().map(u64::to_string))
        .stdout(Stdio::piped())
        .spawn()
}

/// Records a line of a child: the number of a writer and of its steps.
pub fn note(acknowledged: &mut [u64], writer: &str, steps: &str) {
    if let (Ok(writer), Ok(steps)) = (writer.parse::<usize>(), steps.parse::<u64>())
        && let Some(known) = acknowledged.get_mut(writer)
    {
        *known = steps.max(*known);
    }
}

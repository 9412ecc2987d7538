//! Does a store survive the failure of any system call? The scenario: a call fails during a commit, a new log segment,
//! a checkpoint, a rebuild of sled, a backup, a repair, opening or closing. The process continues, and is killed later.
//! A preloaded library counts the calls of a run; then each of them fails in a run of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use openmemory_storage::Durability;

use crate::crash::note;
use crate::preload::recorder;
use crate::session::{WRITERS, check, check_from, open};
use crate::threads;

/// The faults, and how many consecutive calls have them.
const FAULTS: [(&str, u64); 8] = [
    ("EIO", 1),
    ("ENOSPC", 1),
    ("EDQUOT", 1),
    ("EMFILE", 1),
    ("EINTR", 1),
    ("SHORT", 1),
    ("ENOSPC", 12),
    ("EMFILE", 12),
];

/// Concurrent runs: a run mostly waits.
const CONCURRENT_RUNS: usize = 4;
/// Longer than the engine waits for sled.
const RUN_TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Default)]
pub struct Outcome {
    /// Failed calls over all runs.
    pub failed_calls: u64,
    /// Failures by call and kind of file.
    pub call_sites: BTreeMap<String, u64>,
    pub acknowledged: u64,
    pub refused: u64,
    /// Runs with fewer calls than the number of the call that was to fail.
    pub missed: u64,
    pub failures: Vec<String>,
}

/// The call that fails, or the first of several.
struct Attempt {
    story: &'static str,
    fault: &'static str,
    at: u64,
    calls: u64,
}

/// Makes every `every`th call fail, with another offset for each fault. `story` is the command to run.
pub fn run(story: &'static str, every: u64, seed: u64, keep: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let mut attempts = Vec::new();
    for (kind, (fault, calls)) in FAULTS.into_iter().enumerate() {
        match (Attempt { story, fault, at: 0, calls }).run(seed).and_then(|run| run.calls()) {
            // A run may make more calls than the counted one, for example for one more checkpoint.
            Ok(counted) => {
                let first = (seed + kind as u64) % every + 1;
                let numbers = (first..=counted + counted / 20).step_by(every as usize);
                attempts.extend(numbers.map(|at| Attempt { story, fault, at, calls }));
            }
            Err(error) => outcome.failures.push(format!("{fault}: {error}")),
        }
    }
    let (next, outcome) = (AtomicUsize::new(0), Mutex::new(outcome));
    std::thread::scope(|scope| {
        for _ in 0..CONCURRENT_RUNS {
            scope.spawn(|| {
                while let Some(attempt) = attempts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Attempt { fault, at, calls, .. } = attempt;
                    let what = format!("{fault} at call {at}, {calls} in a row");
                    let judged = attempt.run(seed).map(|run| run.judge(&what, keep));
                    let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
                    match judged {
                        Ok(judged) => outcome.add(judged),
                        Err(error) => outcome.failures.push(format!("{what}: {error}")),
                    }
                }
            });
        }
    });
    outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a life in which each sync of a file through a handle that may not write is refused, as Windows does. No call may
/// be refused.
pub fn run_with_checked_handles(story: &'static str, seed: u64) -> Outcome {
    let attempt = Attempt { story, fault: "EACCES", at: 1, calls: u64::from(u32::MAX) };
    match attempt.run(seed) {
        Ok(run) => run.judge("EACCES", false),
        Err(error) => Outcome { failures: vec![error.to_string()], ..Outcome::default() },
    }
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.failed_calls += other.failed_calls;
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.missed += other.missed;
        self.failures.extend(other.failures);
        for (call_site, count) in other.call_sites {
            *self.call_sites.entry(call_site).or_default() += count;
        }
    }
}

/// A run with a fault, and what it left.
struct Run {
    directory: tempfile::TempDir,
    seed: u64,
    acknowledged: Vec<u64>,
    /// The last backup, and the steps acknowledged before it.
    backup: Option<(PathBuf, Vec<u64>)>,
    refused: u64,
    problem: Option<String>,
}

impl Attempt {
    fn run(&self, seed: u64) -> io::Result<Run> {
        let Self { story, fault, at, calls } = self;
        let directory = tempfile::tempdir()?;
        let root = directory.path().join("root");
        fs::create_dir(&root)?;
        let mut child = Command::new(std::env::current_exe()?)
            .arg(story)
            .arg(root.join("store"))
            .arg(seed.to_string())
            .env("LD_PRELOAD", recorder()?)
            .env("OPENMEMORY_FAULT", fault)
            .env("OPENMEMORY_FAULT_ROOT", &root)
            .env("OPENMEMORY_FAULT_AT", at.to_string())
            .env("OPENMEMORY_FAULT_CALLS", calls.to_string())
            .env("OPENMEMORY_FAULT_REPORT", directory.path().join("report"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        let deadline = Instant::now() + RUN_TIMEOUT;
        let watchdog = std::thread::spawn(move || {
            loop {
                match child.try_wait() {
                    Ok(None) if Instant::now() > deadline => {
                        let threads = threads::describe(child.id());
                        let _ = child.kill();
                        let _ = child.wait();
                        return Some(format!("the process hung ({threads})"));
                    }
                    Ok(None) => std::thread::sleep(Duration::from_millis(2)),
                    _ => return None,
                }
            }
        });
        let (acknowledged, backup, refused, problem) = (vec![0; WRITERS], None, 0, None);
        let mut run = Run { directory, seed, acknowledged, backup, refused, problem };
        let mut ended = false;
        for line in BufReader::new(output).lines() {
            match line?.split_once(' ') {
                Some(("!", message)) => run.problem = Some(message.to_owned()),
                Some(("refused", _)) => run.refused += 1,
                Some(("backup", "gone")) => run.backup = None,
                Some(("backup", path)) => run.backup = Some((root.join(path), run.acknowledged.clone())),
                Some(("end", _)) => ended = true,
                Some((writer, steps)) => note(&mut run.acknowledged, writer, steps),
                None => {}
            }
        }
        let hung = watchdog.join().unwrap_or_else(|_| Some("the watchdog panicked".into()));
        if hung.is_some() {
            run.problem = hung;
        } else if !ended && run.problem.is_none() {
            run.problem = Some("the process died".into());
        }
        Ok(run)
    }
}

impl Run {
    /// The number of counted calls.
    fn calls(&self) -> io::Result<u64> {
        if let Some(problem) = &self.problem {
            return Err(io::Error::other(problem.clone()));
        }
        let report = fs::read_to_string(self.report())?;
        Ok(report.lines().filter_map(|line| line.split(' ').next()?.parse().ok()).max().unwrap_or(0))
    }

    fn report(&self) -> PathBuf {
        self.directory.path().join("report")
    }

    fn judge(self, what: &str, keep: bool) -> Outcome {
        let mut outcome = Outcome::default();
        let report = fs::read_to_string(self.report()).unwrap_or_default();
        if report.is_empty() {
            outcome.missed += 1;
        }
        outcome.failed_calls += report.lines().count() as u64;
        outcome.acknowledged += self.acknowledged.iter().sum::<u64>();
        outcome.refused += self.refused;
        for line in report.lines() {
            *outcome.call_sites.entry(call_site(line)).or_default() += 1;
        }
        if let Err(problem) = self.check() {
            let met = report.lines().next().unwrap_or("no call").to_owned();
            let kept = if keep { format!(" (in {})", self.directory.keep().display()) } else { String::new() };
            outcome.failures.push(format!("{what} ({met}): {problem}{kept}"));
        }
        outcome
    }

    /// Checks that all acknowledged data is in the store, in a copy without sled's files as after a power cut, and in
    /// the backup.
    fn check(&self) -> Result<(), String> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        let store = self.directory.path().join("root/store");
        let copy = self.directory.path().join("without-sled");
        copy_without_sled(&store, &copy).map_err(|error| error.to_string())?;
        let mut stores = vec![("the log alone", &copy, &self.acknowledged), ("the store", &store, &self.acknowledged)];
        if let Some((backup, acknowledged)) = &self.backup {
            stores.push(("the backup", backup, acknowledged));
        }
        for (name, directory, acknowledged) in stores {
            let engine = open(directory, Durability::Flush, 0).map_err(|error| format!("{name}: {error}"))?;
            // A backup may lack the last steps, and may have more than the first of them.
            let checked = match name {
                "the backup" => check_from(&engine, self.seed, acknowledged, &self.acknowledged),
                _ => check(&engine, self.seed, acknowledged).map(drop),
            };
            checked.map_err(|problem| format!("{name}: {problem}"))?;
            engine.close().map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(())
    }
}

fn copy_without_sled(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Turns `12 pwrite store/log-0000000000000007` into `pwrite log`.
fn call_site(line: &str) -> String {
    let mut words = line.splitn(3, ' ').skip(1);
    let (call, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // The name of an unlinked file is a number.
    let stem = |name: &str| match name.starts_with('#') {
        true => "(nameless)".to_owned(),
        false => name.chars().take_while(|c| *c != '-').collect(),
    };
    let names: Vec<String> = Path::new(path).iter().skip(1).map(|name| stem(&name.to_string_lossy())).collect();
    format!("{call} {}", names.join("/"))
}

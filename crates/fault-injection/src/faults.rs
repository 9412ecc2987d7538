//! Does a store survive every failure of the system, one by one? The story: a single call fails in the middle of
//! anything (a commit, a new log segment, a checkpoint, a rebuild of sled, a backup, a repair, opening, closing), the
//! process goes on, and later it is killed. A preloaded library counts the calls of a run, and then lets one after the
//! other of them fail in runs of their own.

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

/// What happens to a call, and how many calls in a row it happens to.
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

/// Runs at a time: most of a run is waiting.
const AT_ONCE: usize = 4;
/// Longer than the engine's own patience with sled.
const RUN_TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Default)]
pub struct Outcome {
    /// Calls that failed, each in a run of its own.
    pub failed_calls: u64,
    /// Failures by the call and the kind of file that it met.
    pub places: BTreeMap<String, u64>,
    pub acknowledged: u64,
    pub refused: u64,
    /// Runs in which fewer calls were made than the number that was to fail.
    pub missed: u64,
    pub failures: Vec<String>,
}

/// One call that is to fail, or several in a row.
struct Attempt {
    story: &'static str,
    fault: &'static str,
    at: u64,
    calls: u64,
}

/// Lets every `every`th call fail, beginning with another one for each kind of fault. `story`: the command that lives.
pub fn run(story: &'static str, every: u64, seed: u64, keep: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let mut attempts = Vec::new();
    for (kind, (fault, calls)) in FAULTS.into_iter().enumerate() {
        match (Attempt { story, fault, at: 0, calls }).run(seed).and_then(|run| run.calls()) {
            // One checkpoint more than in the counted run makes more calls.
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
        for _ in 0..AT_ONCE {
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

impl Outcome {
    fn add(&mut self, other: Self) {
        self.failed_calls += other.failed_calls;
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.missed += other.missed;
        self.failures.extend(other.failures);
        for (place, count) in other.places {
            *self.places.entry(place).or_default() += count;
        }
    }
}

/// A process that met a failure, and what it left.
struct Run {
    directory: tempfile::TempDir,
    seed: u64,
    acknowledged: Vec<u64>,
    /// The backup that was made last, and what had been acknowledged before.
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
                Some(("!", told)) => run.problem = Some(told.to_owned()),
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
    /// How many calls were counted.
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
            *outcome.places.entry(place(line)).or_default() += 1;
        }
        if let Err(problem) = self.check() {
            let met = report.lines().next().unwrap_or("no call").to_owned();
            let kept = if keep { format!(" (in {})", self.directory.keep().display()) } else { String::new() };
            outcome.failures.push(format!("{what} ({met}): {problem}{kept}"));
        }
        outcome
    }

    /// Whether everything acknowledged is there: for the next process, for one after a power cut that took all of sled,
    /// and in the backup.
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
            // A backup is older than the last steps, and may be newer than the first of them.
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

/// `12 pwrite store/log-0000000000000007` as `pwrite log`.
fn place(line: &str) -> String {
    let mut words = line.splitn(3, ' ').skip(1);
    let (call, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // A file without a name is called by a number.
    let stem = |name: &str| match name.starts_with('#') {
        true => "(nameless)".to_owned(),
        false => name.chars().take_while(|c| *c != '-').collect(),
    };
    let names: Vec<String> = Path::new(path).iter().skip(1).map(|name| stem(&name.to_string_lossy())).collect();
    format!("{call} {}", names.join("/"))
}

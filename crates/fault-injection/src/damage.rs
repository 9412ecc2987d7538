//! Does a damaged store ever return wrong data? Files are modified, truncated, emptied, deleted, rolled back, or marked
//! with another format version. The store must open with all data, or fail with a reason.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use openmemory_storage::Durability;

use crate::crash::note;
use crate::rng::Rng;
use crate::session::{WRITERS, check, open, say};

/// Longer than the engine waits for sled.
const ROUND_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Default)]
pub struct Outcome {
    pub stores: usize,
    /// Opened with all data and without a repair.
    pub unharmed: usize,
    /// Opened with all data and a reported repair.
    pub repaired: usize,
    /// Failed with an expected code.
    pub refused: usize,
    pub failures: Vec<String>,
}

/// A store, and an earlier state of it.
struct Base {
    _directory: tempfile::TempDir,
    now: PathBuf,
    earlier: PathBuf,
    seed: u64,
    acknowledged: Vec<u64>,
}

pub fn run(stores: usize, seed: u64, keep: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let bases: io::Result<Vec<Base>> = (0..4).map(|kind| base(seed + kind, kind)).collect();
    let bases = match bases {
        Ok(bases) => bases,
        Err(error) => {
            outcome.failures.push(error.to_string());
            return outcome;
        }
    };
    let mut rng = Rng::new(seed);
    for number in 0..stores {
        let base = &bases[number % bases.len()];
        match damaged(base, &mut rng).and_then(|(copy, what)| Ok((open_in_child(copy.path(), base)?, copy, what))) {
            Ok((outcome_line, copy, what)) => {
                outcome.stores += 1;
                match outcome_line.split_once(' ').unwrap_or((&outcome_line, "")) {
                    ("right", _) => outcome.unharmed += 1,
                    ("repaired", _) => outcome.repaired += 1,
                    ("refused", _) => outcome.refused += 1,
                    _ => {
                        let kept = if keep { format!(" (in {})", copy.keep().display()) } else { String::new() };
                        outcome.failures.push(format!("store {number}, {what}: {outcome_line}{kept}"));
                    }
                }
            }
            Err(error) => outcome.failures.push(format!("store {number}: {error}")),
        }
    }
    outcome
}

/// The kinds: closed, with at least one checkpoint; not closed; closed and short; not closed and short.
fn base(seed: u64, kind: u64) -> io::Result<Base> {
    let directory = tempfile::tempdir()?;
    let (now, earlier) = (directory.path().join("now"), directory.path().join("earlier"));
    let mut acknowledged = vec![0; WRITERS];
    let steps = if kind < 2 { 60 } else { 5 };
    write(&now, seed, 1, steps, &mut acknowledged)?;
    copy(&now, &earlier)?;
    write(&now, seed, 1 + kind % 2, steps, &mut acknowledged)?;
    Ok(Base { _directory: directory, now, earlier, seed, acknowledged })
}

fn write(store: &Path, seed: u64, sessions: u64, steps: u64, acknowledged: &mut [u64]) -> io::Result<()> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("child")
        .arg(store)
        .args([seed.to_string(), "flush".into(), "0".into(), sessions.to_string(), steps.to_string()])
        .args(acknowledged.iter().map(u64::to_string))
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
    for line in BufReader::new(output).lines() {
        if let Some((writer, steps)) = line?.split_once(' ') {
            note(acknowledged, writer, steps);
        }
    }
    if child.wait()?.success() { Ok(()) } else { Err(io::Error::other("the writing child failed")) }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let copied = Command::new("cp").args(["-a", "--sparse=always"]).arg(from).arg(to).status()?;
    if copied.success() { Ok(()) } else { Err(io::Error::other("cp failed")) }
}

/// A damaged copy of the store, and a description of the damage.
fn damaged(base: &Base, rng: &mut Rng) -> io::Result<(tempfile::TempDir, String)> {
    let directory = tempfile::tempdir()?;
    let store = directory.path().join("store");
    copy(&base.now, &store)?;
    let mut what = Vec::new();
    // Usually one fault, sometimes two.
    for _ in 0..1 + usize::from(rng.one_in(8)) {
        let files = files(&store)?;
        let file = files[rng.below(files.len())].clone();
        let name = file.strip_prefix(&store).unwrap_or(&file).display().to_string();
        what.push(format!("{name} {}", harm(&file, &base.earlier.join(&name), rng)?));
    }
    Ok((directory, what.join(", ")))
}

fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if !path.ends_with("lock") && !path.ends_with("spare") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn harm(file: &Path, earlier: &Path, rng: &mut Rng) -> io::Result<String> {
    let mut bytes = fs::read(file)?;
    // Most of a segment is unused zeros; damaging used bytes is more interesting.
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let range = if rng.one_in(4) { bytes.len() } else { used };
    let at = rng.below(range).min(bytes.len().saturating_sub(1));
    let description = match rng.below(9) {
        0..=2 if !bytes.is_empty() => {
            let bit = rng.below(8);
            bytes[at] ^= 1 << bit;
            format!("has bit {bit} of byte {at} flipped")
        }
        3 => {
            bytes.truncate(at);
            format!("is cut at byte {at}")
        }
        4 => {
            bytes.clear();
            "is emptied".into()
        }
        5 => {
            fs::remove_file(file)?;
            return Ok("is deleted".into());
        }
        6 if earlier.exists() => {
            bytes = fs::read(earlier)?;
            "is from earlier".into()
        }
        7 if bytes.len() > 72 && !file.to_string_lossy().contains("sled") => {
            increment_version(&mut bytes);
            "has another version".into()
        }
        _ => {
            let end = (at + 1 + rng.below(5000)).min(bytes.len());
            bytes[at..end].fill(if rng.one_in(2) { 0 } else { 0xA5 });
            format!("is overwritten from byte {at} to {end}")
        }
    };
    fs::write(file, bytes)?;
    Ok(description)
}

/// Increments the format version in a file's header and updates its checksum. docs/internals/format.md has the offsets.
fn increment_version(bytes: &mut [u8]) {
    bytes[8] += 1;
    let (checksum, checked) = match &bytes[..6] {
        b"omredo" => (60, crc32(&bytes[..60])),
        b"omchec" => (68, crc32(&bytes[..68])),
        _ => (12, crc32(&[&bytes[8..12], &bytes[16..]].concat())),
    };
    bytes[checksum..checksum + 4].copy_from_slice(&checked.to_le_bytes());
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

/// Opens a store in its own process. Returns its output, or how it ended.
fn open_in_child(directory: &Path, base: &Base) -> io::Result<String> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("look")
        .arg(directory.join("store"))
        .arg(base.seed.to_string())
        .args(base.acknowledged.iter().map(u64::to_string))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let begin = Instant::now();
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if begin.elapsed() > ROUND_TIMEOUT => {
                child.kill()?;
                child.wait()?;
                return Ok("hung".into());
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let mut outcome_line = String::new();
    if let Some(output) = child.stdout.take() {
        BufReader::new(output).read_line(&mut outcome_line)?;
    }
    if !status.success() || outcome_line.is_empty() {
        return Ok(format!("died with {status}: {outcome_line}"));
    }
    Ok(outcome_line.trim().to_owned())
}

/// `look DIR SEED ACKNOWLEDGED…`: opens the store and prints `right`, `repaired`, `refused` or `lost`, with a reason.
pub fn open_and_report(arguments: &[String]) -> ExitCode {
    let [directory, seed, acknowledged @ ..] = arguments else { return ExitCode::from(2) };
    let numbers: Result<Vec<u64>, _> = std::iter::once(seed).chain(acknowledged).map(|text| text.parse()).collect();
    let Ok(numbers) = numbers else { return ExitCode::from(2) };
    let engine = match open(Path::new(directory), Durability::Flush, 0) {
        Ok(engine) => engine,
        Err(error) if ["CORRUPTED", "FORMAT_UNSUPPORTED"].contains(&error.code().as_str()) => {
            say(&format!("refused {}: {error}", error.code()));
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            say(&format!("wrong {}: {error}", error.code()));
            return ExitCode::SUCCESS;
        }
    };
    let repaired = engine.stats().ok().and_then(|stats| stats.repaired);
    match (check(&engine, numbers[0], &numbers[1..]), repaired) {
        (Err(problem), _) => say(&format!("lost {problem}")),
        (Ok(_), Some(what)) => say(&format!("repaired {what}")),
        (Ok(_), None) => say("right"),
    }
    if engine.close().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

//! Does a store survive a power cut? The scenario: the machine loses power at any moment, and any part of the unsynced
//! data reaches the disk. The writes and syncs of the real engine are recorded once; then disk images at random moments
//! are built and opened.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use openmemory_storage::Durability;

use crate::crash::note;
use crate::disk::Disk;
use crate::journal::{Entry, entries};
use crate::preload::recorder;
use crate::rng::Rng;
use crate::session::{WRITERS, check, check_from, open};

#[derive(Default)]
pub struct Outcome {
    pub images: usize,
    /// Images in which opening reported a repair.
    pub repaired: usize,
    pub writes: usize,
    pub syncs: usize,
    pub failures: Vec<String>,
}

/// What the recorded process does, and what an image of its store must contain.
pub struct Story {
    /// Clients whose acknowledged steps are counted.
    pub clients: usize,
    /// The arguments of the process that is recorded.
    pub arguments: fn(&Path, u64, Durability) -> Vec<OsString>,
    /// Checks an image with the steps that were acknowledged. Whether opening it reported a repair.
    pub check: fn(&Path, u64, Durability, &[u64]) -> Result<bool, String>,
}

/// Writers that add, change and delete.
pub const WRITING: Story = Story { clients: WRITERS, arguments: writing, check: check_image };

fn writing(root: &Path, seed: u64, durability: Durability) -> Vec<OsString> {
    let mut arguments = vec!["child".into(), root.into(), seed.to_string().into(), name(durability).into()];
    arguments.extend(["0", "4", "40"].map(OsString::from));
    arguments.extend(vec![OsString::from("0"); WRITERS]);
    arguments
}

pub fn name(durability: Durability) -> &'static str {
    if durability == Durability::Interval { "interval" } else { "flush" }
}

pub fn run(story: &Story, images: usize, seed: u64, keep: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let mut rng = Rng::new(seed);
    // Several recordings, because sessions differ in their seeds and in whether they are closed.
    let recordings = images.div_ceil(100).max(2);
    for recording in 0..recordings {
        let durability = if recording % 4 == 3 { Durability::Interval } else { Durability::Flush };
        let wanted = images / recordings + usize::from(recording < images % recordings);
        let tried = record(story, seed + recording as u64, durability).and_then(|(_directory, root, journal)| {
            try_images(
                story,
                &journal,
                &root,
                wanted,
                seed + recording as u64,
                durability,
                &mut rng,
                keep,
                &mut outcome,
            )
        });
        if let Err(error) = tried {
            outcome.failures.push(error.to_string());
        }
    }
    outcome
}

/// Runs a child and records its calls.
fn record(story: &Story, seed: u64, durability: Durability) -> io::Result<(tempfile::TempDir, PathBuf, Vec<Entry>)> {
    let directory = tempfile::tempdir()?;
    let (root, journal) = (directory.path().join("store"), directory.path().join("journal"));
    let child = Command::new(std::env::current_exe()?)
        .args((story.arguments)(&root, seed, durability))
        .env("LD_PRELOAD", recorder()?)
        .env("OPENMEMORY_JOURNAL", &journal)
        .stderr(Stdio::inherit())
        .output()?;
    if !child.status.success() {
        let output = String::from_utf8_lossy(&child.stdout);
        let problem = output.lines().last().unwrap_or_default();
        return Err(io::Error::other(format!("the recorded child ended with {}: {problem}", child.status)));
    }
    let journal = entries(&std::fs::read(&journal)?);
    Ok((directory, root, journal))
}

#[expect(clippy::too_many_arguments, reason = "called once, in a loop")]
fn try_images(
    story: &Story,
    journal: &[Entry],
    root: &Path,
    images: usize,
    seed: u64,
    durability: Durability,
    rng: &mut Rng,
    keep: bool,
    outcome: &mut Outcome,
) -> io::Result<()> {
    outcome.writes += journal.iter().filter(|entry| matches!(entry, Entry::Write { .. })).count();
    outcome.syncs += journal.iter().filter(|entry| matches!(entry, Entry::Sync { .. })).count();
    let mut cuts: Vec<usize> = (0..images).map(|_| rng.below(journal.len() + 1)).collect();
    cuts.sort_unstable();
    let mut disk = Disk::default();
    let mut acknowledged = vec![0; story.clients];
    let mut at = 0;
    for cut in cuts {
        for entry in &journal[at..cut] {
            disk.apply(entry);
            if let Entry::Output(lines) = entry {
                let lines = lines.lines().filter_map(|line| line.split_once(' '));
                lines.for_each(|(writer, steps)| note(&mut acknowledged, writer, steps));
            }
        }
        at = cut;
        let image = tempfile::tempdir()?;
        disk.write_image(root, image.path(), rng)?;
        let copy = keep.then(|| copy_of(image.path())).transpose()?;
        outcome.images += 1;
        match (story.check)(image.path(), seed, durability, &acknowledged) {
            Ok(repaired) => outcome.repaired += usize::from(repaired),
            Err(problem) => {
                let kept = copy.map(|copy| format!(" (kept in {})", copy.keep().display())).unwrap_or_default();
                outcome.failures.push(format!("seed {seed}, cut at {cut} of {}: {problem}{kept}", journal.len()));
            }
        }
    }
    Ok(())
}

fn copy_of(directory: &Path) -> io::Result<tempfile::TempDir> {
    let copy = tempfile::tempdir()?;
    Command::new("cp").arg("-a").arg(directory.join(".")).arg(copy.path()).status()?;
    Ok(copy)
}

/// Opens an image, checks it, and opens it again.
fn check_image(image: &Path, seed: u64, durability: Durability, acknowledged: &[u64]) -> Result<bool, String> {
    let mut repaired = false;
    for again in [false, true] {
        let engine = open(image, durability, 0).map_err(|error| error.to_string())?;
        match durability {
            Durability::Flush => drop(check(&engine, seed, acknowledged)?),
            // The last half second may be missing, but the store must be consistent.
            Durability::Interval => check_from(&engine, seed, &[0; WRITERS], acknowledged)?,
        }
        let found = engine.stats().map_err(|error| error.to_string())?.repaired;
        if again && found.is_some() {
            return Err(format!("repaired twice: {found:?}"));
        }
        repaired |= found.is_some();
        engine.close().map_err(|error| error.to_string())?;
    }
    Ok(repaired)
}

//! How is sled opened safely? On its own thread, with a deadline, and verified against the other files. If that fails,
//! it is rebuilt from them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use crate::commit::transaction::Transaction;
use crate::error::StorageError;
use crate::files::disk::{self, bytes_below};
use crate::files::fingerprint::wait_until_free;
use crate::files::layout::Layout;
use crate::files::manifest::Manifest;
use crate::replay::expected_state::{digest_of, open_checkpoint};
use crate::rows::backend::all_rows;
use crate::rows::backend::{Backend, Batch, Row};
use crate::rows::digest::State;
use crate::rows::page_fill::is_frame;
use crate::rows::records::{Records, applied_key, applied_row};
use crate::tree::sled_tree::SledTree;
use crate::wal::log::Log;

/// The minimum time to open sled, and the read speed of a slow machine.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
const SLOW_BYTES_PER_SECOND: u64 = 10 * 1024 * 1024;
/// Rows per batch when a tree is filled.
const ROWS_PER_BATCH: usize = 1000;

/// Opens an unchanged tree, which must have the expected commit.
pub(crate) fn open_closed(path: PathBuf, state: State) -> Result<SledTree, StorageError> {
    within(deadline(&path), move || {
        let sled = SledTree::open(&path, state.digest.bytes)?;
        match applied(&sled)? {
            found if found == state.sequence => Ok(sled),
            found => Err(StorageError::Corrupted(format!("sled: has commit {found}, not {}", state.sequence))),
        }
    })
}

/// The result of checking a tree.
pub(crate) enum Checked {
    Complete(SledTree),
    /// The tree has a commit after the last expected one.
    Ahead(u64),
    Damaged(String),
}

/// Opens sled, replays the commits that it lacks, and compares the digest of all rows.
pub(crate) fn open_checked(path: PathBuf, log: &Arc<Log>, state: State) -> Result<Checked, StorageError> {
    let log = Arc::clone(log);
    if !path.join("db").exists() {
        return Ok(Checked::Damaged("sled: the files are missing".into()));
    }
    let checked = within(deadline(&path), move || {
        remove_snapshots(&path)?;
        let sled = SledTree::open(&path, state.digest.bytes)?;
        let found = applied(&sled)?;
        if found > state.sequence {
            return Ok(Checked::Ahead(found));
        }
        log.replay(found, state.sequence, |state, batch| apply(&sled, state.sequence, batch))?;
        check(&sled, &state)?;
        Ok(Checked::Complete(sled))
    });
    match checked {
        Err(StorageError::Corrupted(problem)) => Ok(Checked::Damaged(problem)),
        checked => checked,
    }
}

/// Builds a tree from the checkpoint and the log, under the next number.
pub(crate) fn rebuild(
    layout: &Layout,
    manifest: &mut Manifest,
    log: &Log,
    state: State,
) -> Result<SledTree, StorageError> {
    let number = layout.sleds()?.pop().unwrap_or(0).max(manifest.sled) + 1;
    let sled = build(&layout.sled(number), layout, manifest, log, state)?;
    manifest.sled = number;
    Ok(sled)
}

/// Builds a tree at `path` from the checkpoint and the log, verifies its state, and syncs it.
pub(crate) fn build(
    path: &Path,
    layout: &Layout,
    manifest: &Manifest,
    log: &Log,
    state: State,
) -> Result<SledTree, StorageError> {
    disk::remove_directory(path)?;
    let sled = SledTree::open_to_build(path, state.digest.bytes)?;
    let from = manifest.checkpoint.map_or(0, |checkpoint| checkpoint.sequence);
    if manifest.checkpoint.is_some() {
        for pass in [Pass::Frame, Pass::Between, Pass::Values] {
            let mut reader = open_checkpoint(&layout.checkpoint(from), manifest.store)?;
            let mut position = 0;
            while let Some(block) = reader.block()? {
                let positions = position..;
                position += block.len();
                sled.write(
                    block.into_iter().zip(positions).filter_map(|(row, position)| pass.of(row, position)).collect(),
                )?;
            }
        }
    }
    catch_up(&sled, log, from, state.sequence)?;
    check(&sled, &state)?;
    sled.sync()?;
    disk::sync_directory(path)?;
    // Reopening it reduces its memory and starts its maintenance. If a read fails during opening, sled silently ignores
    // what it could not read.
    drop(sled);
    wait_until_free(path);
    open_closed(path.to_owned(), state).map_err(|error| match error {
        StorageError::Corrupted(problem) => io::Error::other(problem).into(),
        error => error,
    })
}

/// The order in which rows are written, so that sled's pages become full and consist of few fragments: sled consolidates a
/// page before its eleventh.
#[derive(Clone, Copy)]
enum Pass {
    /// The keys that make pages, without values.
    Frame,
    /// The other keys, which split no page. Each page now has eight fragments.
    Between,
    /// The values. The third one of a page consolidates it, and so does the thirteenth.
    Values,
}

impl Pass {
    fn of(self, (key, value): Row, position: usize) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        match self {
            Self::Frame => is_frame(position).then(|| (key, Some(Vec::new()))),
            Self::Between => (!is_frame(position)).then(|| (key, Some(Vec::new()))),
            Self::Values => Some((key, Some(value))),
        }
    }
}

/// Replays the commits after `from` up to `last`.
pub(crate) fn catch_up(sled: &SledTree, log: &Log, from: u64, last: u64) -> Result<(), StorageError> {
    log.replay(from, last, |_, batch| sled.write(batch))?;
    sled.write(vec![applied_row(last)?])
}

/// Opens a copy of a possibly damaged tree, to read what is readable.
pub(crate) fn open_damaged(path: &Path) -> Result<SledTree, StorageError> {
    let path = path.to_owned();
    within(deadline(&path), move || {
        remove_snapshots(&path)?;
        SledTree::open(&path, 0)
    })
}

/// Writes rows in batches.
pub(crate) fn fill(sled: &SledTree, rows: impl Iterator<Item = Result<Row, StorageError>>) -> Result<(), StorageError> {
    let mut batch = Batch::new();
    for row in rows {
        let (key, value) = row?;
        batch.push((key, Some(value)));
        if batch.len() == ROWS_PER_BATCH {
            sled.apply(std::mem::take(&mut batch))?;
        }
    }
    sled.apply(batch)
}

/// Applies a commit of the log, and records its sequence.
fn apply(sled: &dyn Backend, sequence: u64, mut batch: Batch) -> Result<(), StorageError> {
    batch.push(applied_row(sequence)?);
    sled.write(batch)
}

pub(crate) fn applied(sled: &dyn Backend) -> Result<u64, StorageError> {
    Ok(Transaction::new(sled).record(&applied_key())?.unwrap_or(0))
}

fn check(sled: &dyn Backend, state: &State) -> Result<(), StorageError> {
    let found = digest_of(all_rows(sled))?;
    if found == state.digest {
        return Ok(());
    }
    Err(StorageError::Corrupted(format!("sled: holds {} rows that should be {}", found.rows, state.digest.rows)))
}

/// sled can hang in a damaged snapshot, and does not need one.
fn remove_snapshots(path: &Path) -> Result<(), StorageError> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            disk::remove_file(&entry.path())?;
        }
    }
    Ok(())
}

fn deadline(path: &Path) -> Duration {
    OPEN_TIMEOUT + Duration::from_secs(bytes_below(path).unwrap_or(0) / SLOW_BYTES_PER_SECOND)
}

/// Runs work that may never return on its own thread, which is abandoned at the deadline.
fn within<T: Send + 'static>(
    deadline: Duration,
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    let (answer, answered) = sync_channel(1);
    let run = move || drop(answer.send(work()));
    std::thread::Builder::new().name("openmemory-open".into()).spawn(run)?;
    match answered.recv_timeout(deadline) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err(StorageError::Corrupted("sled: does not open in time".into())),
        Err(RecvTimeoutError::Disconnected) => Err(StorageError::Corrupted("sled: fails while it opens".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hanging_and_panicking_are_errors() {
        let (_held, never) = std::sync::mpsc::channel::<()>();
        let hangs = within(Duration::from_millis(20), move || Ok(never.recv().is_ok()));
        assert!(matches!(hangs, Err(StorageError::Corrupted(problem)) if problem.contains("in time")));
        let panics = within::<()>(Duration::from_secs(60), || panic!("a fault"));
        assert!(matches!(panics, Err(StorageError::Corrupted(problem)) if problem.contains("fails")));
        assert_eq!(within(Duration::from_secs(60), || Ok(7)).unwrap(), 7);
    }
}

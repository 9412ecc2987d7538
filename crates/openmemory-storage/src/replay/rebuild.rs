//! How is sled opened without trusting it? On a thread of its own, within a deadline, and checked against what the
//! other files say; where it fails, it is built anew from them.

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
use crate::rows::records::{Records, applied_key, applied_row};
use crate::tree::sled_tree::SledTree;
use crate::wal::log::Log;

/// How long sled may take, however small it is; and how many bytes a slow machine reads in a second.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
const SLOW_BYTES_PER_SECOND: u64 = 10 * 1024 * 1024;
/// Rows that are written together when sled is built.
const ROWS_PER_BATCH: usize = 1000;

/// Opens sled as it is, if it has the commit that it should have.
pub(crate) fn open_closed(path: PathBuf, state: State) -> Result<SledTree, StorageError> {
    within(deadline(&path), move || {
        let sled = SledTree::open(&path, state.digest.bytes)?;
        match applied(&sled)? {
            found if found == state.sequence => Ok(sled),
            found => Err(StorageError::Corrupted(format!("sled: has commit {found}, not {}", state.sequence))),
        }
    })
}

/// What became of sled's files.
pub(crate) enum Checked {
    Right(SledTree),
    /// They hold a commit beyond the one that should be the last.
    Ahead(u64),
    Wrong(String),
}

/// Opens sled, gives it the commits that it lacks, and compares all its rows with the digest.
pub(crate) fn open_checked(path: PathBuf, log: &Arc<Log>, state: State) -> Result<Checked, StorageError> {
    let log = Arc::clone(log);
    if !path.join("db").exists() {
        return Ok(Checked::Wrong("sled: the files are missing".into()));
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
        Ok(Checked::Right(sled))
    });
    match checked {
        Err(StorageError::Corrupted(problem)) => Ok(Checked::Wrong(problem)),
        checked => checked,
    }
}

/// Builds sled from the checkpoint and the log, under the next number.
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

/// Builds sled at `path` from a store's checkpoint and log, checks that it holds the state, and syncs it.
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
            let mut place = 0;
            while let Some(block) = reader.block()? {
                let places = place..;
                place += block.len();
                sled.write(block.into_iter().zip(places).filter_map(|(row, place)| pass.of(row, place)).collect())?;
            }
        }
    }
    catch_up(&sled, log, from, state.sequence)?;
    check(&sled, &state)?;
    sled.sync()?;
    disk::sync_directory(path)?;
    // Opened again it keeps less in memory, and looks after its files. Where a read fails meanwhile, sled does without what
    // it has not read, and says nothing.
    drop(sled);
    wait_until_free(path);
    open_closed(path.to_owned(), state).map_err(|error| match error {
        StorageError::Corrupted(problem) => io::Error::other(problem).into(),
        error => error,
    })
}

/// In which order are rows written, so that sled's pages come out full and in few pieces? sled cuts a page that gets a
/// seventeenth row behind the ninth, and writes a page in one piece when it would have an eleventh.
#[derive(Clone, Copy)]
enum Pass {
    /// Nine keys of sixteen, the first and the last of them too, without values: pages of nine rows.
    Frame,
    /// The other seven, which cut no page: it has eight pieces now.
    Between,
    /// The third value makes one piece of them, and so does the thirteenth.
    Values,
}

impl Pass {
    const PAGE: usize = 16;

    fn of(self, (key, value): Row, place: usize) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        let place = place % Self::PAGE;
        let is_frame = place.is_multiple_of(2) || place == Self::PAGE - 1;
        match self {
            Self::Frame => is_frame.then(|| (key, Some(Vec::new()))),
            Self::Between => (!is_frame).then(|| (key, Some(Vec::new()))),
            Self::Values => Some((key, Some(value))),
        }
    }
}

/// Gives sled the commits of the log behind `from` up to `last`.
pub(crate) fn catch_up(sled: &SledTree, log: &Log, from: u64, last: u64) -> Result<(), StorageError> {
    log.replay(from, last, |_, batch| sled.write(batch))?;
    sled.write(vec![applied_row(last)?])
}

/// Opens a copy of sled that may be damaged, to read what can be read.
pub(crate) fn open_damaged(path: &Path) -> Result<SledTree, StorageError> {
    let path = path.to_owned();
    within(deadline(&path), move || {
        remove_snapshots(&path)?;
        SledTree::open(&path, 0)
    })
}

/// Writes rows, many at a time.
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

/// Writes a commit that the log holds, and that it is in sled.
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

/// sled can hang in a damaged snapshot, and needs none.
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

/// Runs what may never return on a thread of its own, which is left alone after the deadline.
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
    fn what_hangs_or_panics_is_an_answer_all_the_same() {
        let (_held, never) = std::sync::mpsc::channel::<()>();
        let hangs = within(Duration::from_millis(20), move || Ok(never.recv().is_ok()));
        assert!(matches!(hangs, Err(StorageError::Corrupted(problem)) if problem.contains("in time")));
        let panics = within::<()>(Duration::from_secs(60), || panic!("a fault"));
        assert!(matches!(panics, Err(StorageError::Corrupted(problem)) if problem.contains("fails")));
        assert_eq!(within(Duration::from_secs(60), || Ok(7)).unwrap(), 7);
    }
}

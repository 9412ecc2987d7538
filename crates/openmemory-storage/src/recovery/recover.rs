//! How is a store recovered when it is opened? The manifest, the log and the checkpoint determine its state. sled is
//! used if it has that state, and rebuilt otherwise.

use crate::checkpoint::snapshot;
use crate::files::prune::prune;
use std::path::Path;
use std::sync::Arc;

use crate::error::StorageError;
use crate::files::disk;
use crate::files::fingerprint::Fingerprint;
use crate::files::layout::{self, Layout, name};
use crate::files::manifest::{Manifest, Session};
use crate::files::scratch;
use crate::options::size_limits::SizeLimits;
use crate::replay::expected_state;
use crate::replay::rebuild;
use crate::replay::rebuild::Checked;
use crate::rows::digest::State;
use crate::tree::sled_tree::SledTree;
use crate::wal::log::Log;
use crate::wal::redo_log::RedoLog;
use crate::wal::segment::Segment;
use openmemory_domain::Timestamp;

/// A recovered store, and the log to append to.
pub(crate) struct Recovered {
    pub sled: SledTree,
    pub manifest: Manifest,
    pub state: State,
    pub log: RedoLog,
    /// Damage that was repaired; `None` after a normal close or crash.
    pub repaired: Option<String>,
}

/// Opens or creates the store. `interval` is the durability of the coming session.
pub(crate) fn open(
    layout: &Layout,
    bounds: &SizeLimits,
    interval: bool,
    now: Timestamp,
) -> Result<Recovered, StorageError> {
    let session = Session::Open { interval };
    let Some((mut manifest, problem)) = expected_state::manifest(layout)? else {
        return create(layout, bounds, Manifest::new(*uuid::Uuid::now_v7().as_bytes(), now, session));
    };
    let mut problems: Vec<String> = problem.into_iter().collect();
    let found = match closed(layout, bounds, &manifest, &mut problems)? {
        Some(found) => found,
        None => unclosed(layout, bounds, &mut manifest, &mut problems)?,
    };
    let (sled, state, log) = found;
    manifest.session = session;
    let log = match log {
        Some(log) => log,
        None => RedoLog::begin(layout, manifest.store, state.sequence + 1, bounds)?,
    };
    manifest.newest = log.first();
    if !problems.is_empty() {
        write_checkpoint(layout, &mut manifest, &sled, state)?;
    }
    manifest.write(layout)?;
    disk::remove_file(&layout.opening())?;
    prune(layout, &manifest)?;
    remove_other_sleds(layout, &manifest);
    remove_leftovers(layout)?;
    // Segments after the newest one are left over from a crash and contain nothing.
    for first in layout.logs()?.into_iter().filter(|first| *first > manifest.newest) {
        disk::remove_file(&layout.log(first))?;
    }
    let repaired = (!problems.is_empty()).then(|| problems.join("; "));
    Ok(Recovered { sled, manifest, state, log, repaired })
}

fn create(layout: &Layout, bounds: &SizeLimits, manifest: Manifest) -> Result<Recovered, StorageError> {
    let log = RedoLog::begin(layout, manifest.store, 1, bounds)?;
    manifest.write(layout)?;
    if let Ok(parent) = layout.directory().canonicalize().map(|path| path.join("..")) {
        // The parent may be inaccessible to this user; then this process did not create the directory.
        let _ = disk::sync_directory(&parent);
    }
    let sled = SledTree::open(&layout.sled(manifest.sled), 0)?;
    Ok(Recovered { sled, manifest, state: State::default(), log, repaired: None })
}

type OpenedTree = (SledTree, State, Option<RedoLog>);

/// The store as it was closed, if sled's files are unchanged. The log is read only to continue it.
fn closed(
    layout: &Layout,
    bounds: &SizeLimits,
    manifest: &Manifest,
    problems: &mut Vec<String>,
) -> Result<Option<OpenedTree>, StorageError> {
    let Session::Closed { state, sled: fingerprint } = &manifest.session else { return Ok(None) };
    let path = layout.sled(manifest.sled);
    if let Some(problem) = changed_since_closed(layout, &path, fingerprint) {
        problems.extend(problem);
        return Ok(None);
    }
    disk::create(&layout.opening())?;
    let sled = match rebuild::open_closed(path, *state) {
        Ok(sled) => sled,
        Err(StorageError::Corrupted(problem)) => {
            problems.push(problem);
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    problems.extend(missing_files(layout, manifest)?);
    let log = match Segment::read(&layout.log(manifest.newest)) {
        Ok((segment, _)) if is_complete(&segment, manifest, state.sequence) => {
            Some(RedoLog::resume(layout, &segment, bounds)?)
        }
        Ok((segment, _)) if segment.last() > state.sequence => return Ok(None),
        Ok((segment, _)) => {
            problems.push(format!("{}: commits are damaged or missing", name(&segment.path)));
            None
        }
        Err(StorageError::Corrupted(problem)) => {
            problems.push(problem);
            None
        }
        Err(error) => return Err(error),
    };
    Ok(Some((sled, *state, log)))
}

/// `None` if sled's files are as they were closed. Otherwise the damage, or `Some(None)` if a process was killed while
/// it opened them; the rows are then verified before they are used.
pub(crate) fn changed_since_closed(layout: &Layout, sled: &Path, closed: &Fingerprint) -> Option<Option<String>> {
    let file = Fingerprint::of(sled).unwrap_or_default().difference(closed)?;
    let damaged = !layout.opening().exists();
    Some(damaged.then(|| format!("{}/{file}: differs from the file that was closed", name(sled))))
}

fn is_complete(segment: &Segment, manifest: &Manifest, last: u64) -> bool {
    let sequences = segment.records.iter().map(|record| record.state.sequence);
    segment.header.store == manifest.store && sequences.eq(manifest.newest..=last)
}

/// Older segments and the checkpoint are not read unless they are needed, but they must exist.
fn missing_files(layout: &Layout, manifest: &Manifest) -> Result<Vec<String>, StorageError> {
    let mut problems = Vec::new();
    let older = layout.logs()?.into_iter().filter(|first| (manifest.oldest..manifest.newest).contains(first));
    let mut logs: Vec<u64> = older.collect();
    if manifest.oldest < manifest.newest && !logs.contains(&manifest.oldest) {
        logs.push(manifest.oldest);
    }
    for first in logs {
        let path = layout.log(first);
        if !Segment::is_there(&path) {
            problems.push(format!("{}: the file is missing or cut short", name(&path)));
        }
    }
    if let Some(checkpoint) = manifest.checkpoint {
        let path = layout.checkpoint(checkpoint.sequence);
        if let Err(StorageError::Corrupted(problem)) = expected_state::open_checkpoint(&path, manifest.store) {
            problems.push(problem);
        }
    }
    Ok(problems)
}

/// The store after a crash, or with damage.
fn unclosed(
    layout: &Layout,
    bounds: &SizeLimits,
    manifest: &mut Manifest,
    problems: &mut Vec<String>,
) -> Result<OpenedTree, StorageError> {
    let mut log = Log::read(layout, manifest)?;
    let expected = expected_state::expected_state(manifest, &mut log);
    problems.append(&mut log.problems);
    let state = expected.map_err(|problem| {
        let all = if problems.is_empty() { problem } else { problems.join("; ") };
        StorageError::Corrupted(all)
    })?;
    let continues = problems.is_empty() && log.last_known() <= state.sequence;
    let log = Arc::new(log);
    let sled = match rebuild::open_checked(layout.sled(manifest.sled), &log, state)? {
        Checked::Complete(sled) => sled,
        // Without a sync per commit, sled may be ahead of the log after a power cut. Otherwise the log has lost
        // commits.
        Checked::Ahead(found) if !matches!(manifest.session, Session::Open { interval: true }) => {
            problems.push(format!("the redo log: ends with commit {}, and sled has commit {found}", state.sequence));
            return Err(StorageError::Corrupted(problems.join("; ")));
        }
        Checked::Ahead(_) => rebuild::rebuild(layout, manifest, &log, state)?,
        // A backup has no tree yet, nor has a store whose creation was interrupted.
        Checked::Damaged(_) if manifest.session == Session::Backup || state.sequence == 0 => {
            rebuild::rebuild(layout, manifest, &log, state)?
        }
        Checked::Damaged(problem) => {
            problems.push(problem);
            match rebuild::rebuild(layout, manifest, &log, state) {
                Err(StorageError::Corrupted(problem)) => {
                    problems.push(problem);
                    problems.dedup();
                    return Err(StorageError::Corrupted(problems.join("; ")));
                }
                rebuilt => rebuilt?,
            }
        }
    };
    let newest = log.newest().filter(|segment| continues && segment.last() == state.sequence);
    let log = newest.map(|segment| RedoLog::resume(layout, segment, bounds)).transpose()?;
    Ok((sled, state, log))
}

/// Writes a checkpoint, so that damaged files are no longer needed.
fn write_checkpoint(
    layout: &Layout,
    manifest: &mut Manifest,
    sled: &SledTree,
    state: State,
) -> Result<(), StorageError> {
    snapshot::write(layout, manifest.store, state, sled, || true)?;
    manifest.checkpoint = Some(state);
    manifest.oldest = manifest.newest;
    Ok(())
}

/// Removes what a crash has left: temporary files with names that only a store uses, and marked scratch directories.
fn remove_leftovers(layout: &Layout) -> Result<(), StorageError> {
    scratch::remove_leftover(layout)?;
    for entry in layout.directory().read_dir()? {
        let entry = entry?;
        let unfinished = entry.file_name().to_str().is_some_and(layout::is_unfinished);
        if unfinished && entry.file_type()?.is_file() {
            disk::unless_in_use(disk::remove_file(&entry.path()))?;
        }
    }
    Ok(())
}

/// Removes all trees except the one in use.
pub(crate) fn remove_other_sleds(layout: &Layout, manifest: &Manifest) {
    for number in layout.sleds().unwrap_or_default().into_iter().filter(|number| *number != manifest.sled) {
        // A thread that hangs in damaged files keeps them open until the process ends.
        let _ = disk::remove_directory(&layout.sled(number));
    }
}

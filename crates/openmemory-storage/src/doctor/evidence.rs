//! What do the files of a store prove? They are compared with each other, on a copy where reading could change
//! something.

use crate::doctor::inspect::Problem;
use crate::error::StorageError;
use crate::files::disk;
use crate::files::layout::Layout;
use crate::files::manifest::Manifest;
use crate::files::manifest::Session;
use crate::recovery::recover;
use crate::replay::expected_state;
use crate::replay::rebuild;
use crate::replay::rebuild::Checked;
use crate::rows::digest::State;
use crate::tree::sled_tree::SledTree;
use crate::wal::log::Log;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// A store under examination.
pub(crate) struct Evidence<'a> {
    pub layout: &'a Layout,
    pub manifest: Option<Manifest>,
    pub log: Option<Arc<Log>>,
    /// A directory for copies, on the same disk.
    pub scratch: tempfile::TempDir,
}

/// Compares the files with each other. Returns the rows in a copy of sled, and their state, if they are complete.
pub(crate) fn examine(
    evidence: &mut Evidence<'_>,
    problems: &mut Vec<Problem>,
) -> Result<Option<(SledTree, State)>, StorageError> {
    let layout = evidence.layout;
    let manifest = match expected_state::manifest(layout) {
        Ok(Some((manifest, problem))) => {
            problems.extend(problem.map(Problem::of_file));
            manifest
        }
        Ok(None) => return Ok(None),
        Err(error @ StorageError::Corrupted(_)) => {
            problems.push(Problem::of_error(&error));
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut log = Log::read(layout, &manifest)?;
    let expected = expected_state::expected_state(&manifest, &mut log);
    problems.extend(log.problems.iter().cloned().map(Problem::of_file));
    let log = Arc::new(log);
    (evidence.log, evidence.manifest) = (Some(Arc::clone(&log)), Some(manifest.clone()));
    let sled = layout.sled(manifest.sled);
    if let Session::Closed { sled: closed, .. } = &manifest.session {
        problems.extend(recover::changed_since_closed(layout, &sled, closed).flatten().map(Problem::of_file));
    }
    let Ok(state) = expected else { return Ok(None) };
    let rebuildable = match check_replay(layout, &manifest, &log, &state) {
        Ok(()) => true,
        Err(error @ StorageError::Corrupted(_)) => {
            problems.push(Problem::of_error(&error));
            false
        }
        Err(error) => return Err(error),
    };
    let copy = evidence.scratch.path().join("sled");
    copy_sled(&sled, &copy)?;
    match rebuild::open_checked(copy, &log, state)? {
        Checked::Complete(sled) => return Ok(Some((sled, state))),
        Checked::Ahead(found) => {
            problems.push(Problem::of_file(format!("sled: has commit {found}, beyond {}", state.sequence)));
            return Ok(None);
        }
        Checked::Damaged(_) if manifest.session == Session::Backup || state.sequence == 0 => {}
        Checked::Damaged(problem) => problems.push(Problem::of_file(problem)),
    }
    if !rebuildable {
        return Ok(None);
    }
    let built = rebuild::build(&evidence.scratch.path().join("built"), layout, &manifest, &log, state)?;
    Ok(Some((built, state)))
}

/// Checks that the checkpoint and the commits after it give the expected state.
fn check_replay(layout: &Layout, manifest: &Manifest, log: &Log, state: &State) -> Result<(), StorageError> {
    let checkpoint = manifest.checkpoint.map(|state| layout.checkpoint(state.sequence));
    let found = expected_state::digest_after(checkpoint.as_deref(), log, manifest.store, state.sequence)?;
    if found == state.digest {
        return Ok(());
    }
    Err(StorageError::Corrupted("the checkpoint and the redo log do not add up to the store".into()))
}

pub(crate) fn copy_sled(from: &Path, to: &Path) -> Result<(), StorageError> {
    if !from.exists() {
        return Ok(());
    }
    copy_directory(from, to)
}

fn copy_directory(from: &Path, to: &Path) -> Result<(), StorageError> {
    disk::remove_directory(to)?;
    disk::create_subdirectory(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_directory(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

//! Is a store well, and what can be saved of one that is not? Every file and every row is looked at, on a copy where
//! looking could change something.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;

use super::backend::Backend;
use super::bounds::Bounds;
use super::digest::State;
use super::error::StorageError;
use super::files;
use super::inspect::{Inspection, Problem, inspect};
use super::layout::Layout;
use super::lock::Lock;
use super::log::Log;
use super::manifest::{Manifest, Session};
use super::salvage::{self, Salvaged};
use super::sled_backend::{SledBackend, check_clock};
use super::sled_copy::{self, Checked};
use super::{read_only, recovery, scratch, sources};
use openmemory_domain::Timestamp;

/// What was found, and what was done about it.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    /// Nothing is wrong.
    pub healthy: bool,
    /// Everything that the store must hold is there, in sled or in the checkpoint and the log: opening it is enough.
    pub complete: bool,
    pub memories: u64,
    pub versions: u64,
    pub rows: u64,
    pub problems: Vec<Problem>,
    /// What a repair did; none where there was nothing to do, or none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<Salvaged>,
}

/// A store that is being looked at, with a copy of sled in a directory of its own.
pub(super) struct Patient<'a> {
    pub layout: &'a Layout,
    pub manifest: Option<Manifest>,
    pub log: Option<Arc<Log>>,
    /// A place for copies, on the same disk.
    pub room: tempfile::TempDir,
}

/// Looks at a store that nobody has open; with `repair`, mends it. `now` names the place of what is kept aside.
pub fn doctor(directory: &Path, repair: bool, now: Timestamp) -> Result<Diagnosis, StorageError> {
    check_clock(SystemTime::now())?;
    let layout = Layout::new(directory);
    if !directory.is_dir() || (layout.is_empty()? && !salvage::is_under_way(&layout)) {
        return Err(StorageError::NoStore);
    }
    let lock = Lock::take_or_share(&layout.lock())?;
    if repair && lock.is_shared() {
        return Err(StorageError::ReadOnly);
    }
    if repair {
        salvage::finish(&layout)?;
    }
    let mut problems = Vec::new();
    let room = if lock.is_shared() { read_only::room()? } else { scratch::create(&layout)? };
    let mut patient = Patient { layout: &layout, manifest: None, log: None, room };
    let rows = look(&mut patient, &mut problems)?;
    let complete = rows.is_some();
    let found = rows.map(|(sled, _)| inspect(&sled)).unwrap_or_default();
    let sound = found.problems.is_empty();
    let Inspection { memories, versions, rows, problems: in_rows, .. } = found;
    problems.extend(in_rows);
    let mut diagnosis = Diagnosis {
        healthy: problems.is_empty(),
        complete: complete && sound,
        memories,
        versions,
        rows,
        problems,
        repair: None,
    };
    if repair && diagnosis.complete && !diagnosis.healthy {
        drop(patient);
        // What opening puts right needs no salvage.
        let opened = recovery::open(&layout, &Bounds::default(), false, now)?;
        opened.sled.sync()?;
        diagnosis.repair = Some(Salvaged { memories, ..Salvaged::default() });
    } else if repair && !diagnosis.healthy {
        diagnosis.repair = Some(salvage::salvage(&patient, now)?);
    }
    Ok(diagnosis)
}

/// Compares the files with each other. The store's rows, if they are all there, in a sled of the copy's, and their state.
pub(super) fn look(
    patient: &mut Patient<'_>,
    problems: &mut Vec<Problem>,
) -> Result<Option<(SledBackend, State)>, StorageError> {
    let layout = patient.layout;
    let manifest = match sources::manifest(layout) {
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
    let target = sources::target(&manifest, &mut log);
    problems.extend(log.problems.iter().cloned().map(Problem::of_file));
    let log = Arc::new(log);
    (patient.log, patient.manifest) = (Some(Arc::clone(&log)), Some(manifest.clone()));
    let sled = layout.sled(manifest.sled);
    if let Session::Closed { sled: closed, .. } = &manifest.session {
        problems.extend(recovery::changed_since_closed(layout, &sled, closed).flatten().map(Problem::of_file));
    }
    let Ok(state) = target else { return Ok(None) };
    let rebuildable = match adds_up(layout, &manifest, &log, &state) {
        Ok(()) => true,
        Err(error @ StorageError::Corrupted(_)) => {
            problems.push(Problem::of_error(&error));
            false
        }
        Err(error) => return Err(error),
    };
    let copy = patient.room.path().join("sled");
    copy_sled(&sled, &copy)?;
    match sled_copy::open_checked(copy, &log, state)? {
        Checked::Right(sled) => return Ok(Some((sled, state))),
        Checked::Ahead(found) => {
            problems.push(Problem::of_file(format!("sled: has commit {found}, beyond {}", state.sequence)));
            return Ok(None);
        }
        Checked::Wrong(_) if manifest.session == Session::Backup || state.sequence == 0 => {}
        Checked::Wrong(problem) => problems.push(Problem::of_file(problem)),
    }
    if !rebuildable {
        return Ok(None);
    }
    let built = sled_copy::build(&patient.room.path().join("built"), layout, &manifest, &log, state)?;
    Ok(Some((built, state)))
}

/// Whether the checkpoint and the log behind it give the store.
fn adds_up(layout: &Layout, manifest: &Manifest, log: &Log, state: &State) -> Result<(), StorageError> {
    let checkpoint = manifest.checkpoint.map(|state| layout.checkpoint(state.sequence));
    let found = sources::digest_after(checkpoint.as_deref(), log, manifest.store, state.sequence)?;
    if found == state.digest {
        return Ok(());
    }
    Err(StorageError::Corrupted("the checkpoint and the redo log do not add up to the store".into()))
}

pub(super) fn copy_sled(from: &Path, to: &Path) -> Result<(), StorageError> {
    if !from.exists() {
        return Ok(());
    }
    copy_directory(from, to)
}

fn copy_directory(from: &Path, to: &Path) -> Result<(), StorageError> {
    files::remove_directory(to)?;
    files::create_directory(to)?;
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

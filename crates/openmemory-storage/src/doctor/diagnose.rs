//! Is a store healthy? The doctor checks every file and every row, on a copy where reading could change something.

use crate::doctor::evidence::Evidence;
use crate::doctor::evidence::examine;
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;

use crate::doctor::inspect::{Inspection, Problem, inspect};
use crate::doctor::read_only;
use crate::doctor::salvage::{self, Salvaged};
use crate::error::StorageError;
use crate::files::layout::Layout;
use crate::files::lock::Lock;
use crate::files::scratch;
use crate::options::size_limits::SizeLimits;
use crate::recovery::recover;
use crate::rows::backend::Backend;
use crate::tree::sled_tree::check_clock;
use openmemory_domain::Timestamp;

/// The result of a diagnosis, and of a repair.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    /// No problems were found.
    pub healthy: bool,
    /// All rows can be restored from sled or from the checkpoint and the log: opening the store is enough.
    pub complete: bool,
    pub memories: u64,
    pub versions: u64,
    pub rows: u64,
    pub problems: Vec<Problem>,
    /// The result of a repair; `None` if it was unnecessary or not requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<Salvaged>,
}

/// Diagnoses a store that is not open, and repairs it if `repair` is set. `now` names the quarantine directory.
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
    let scratch = if lock.is_shared() { read_only::scratch_directory()? } else { scratch::create(&layout)? };
    let mut evidence = Evidence { layout: &layout, manifest: None, log: None, scratch };
    let rows = examine(&mut evidence, &mut problems)?;
    let complete = rows.is_some();
    let found = rows.map(|(sled, _)| inspect(&sled)).unwrap_or_default();
    let rows_intact = found.problems.is_empty();
    let Inspection { memories, versions, rows, problems: in_rows, .. } = found;
    problems.extend(in_rows);
    let mut diagnosis = Diagnosis {
        healthy: problems.is_empty(),
        complete: complete && rows_intact,
        memories,
        versions,
        rows,
        problems,
        repair: None,
    };
    if repair && diagnosis.complete && !diagnosis.healthy {
        drop(evidence);
        // Opening the store repairs this without salvage.
        let opened = recover::open(&layout, &SizeLimits::default(), false, now)?;
        opened.sled.sync()?;
        diagnosis.repair = Some(Salvaged { memories, ..Salvaged::default() });
    } else if repair && !diagnosis.healthy {
        diagnosis.repair = Some(salvage::salvage(&evidence, now)?);
    }
    Ok(diagnosis)
}

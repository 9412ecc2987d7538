//! Is a store well, and what can be saved of one that is not? Every file and every row is looked at, on a copy where
//! looking could change something.

use crate::doctor::evidence::Evidence;
use crate::doctor::evidence::look;
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
    let mut evidence = Evidence { layout: &layout, manifest: None, log: None, room };
    let rows = look(&mut evidence, &mut problems)?;
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
        drop(evidence);
        // What opening puts right needs no salvage.
        let opened = recover::open(&layout, &SizeLimits::default(), false, now)?;
        opened.sled.sync()?;
        diagnosis.repair = Some(Salvaged { memories, ..Salvaged::default() });
    } else if repair && !diagnosis.healthy {
        diagnosis.repair = Some(salvage::salvage(&evidence, now)?);
    }
    Ok(diagnosis)
}

//! How are the files of a store maintained? By online backup, compaction and the doctor.

use std::path::Path;

use super::engine::Engine;
use openmemory_domain::Timestamp;
use openmemory_rules::Error;
use openmemory_rules::contract::{BackedUp, Compacted, Control};
use openmemory_storage::{self as storage, Diagnosis};

impl Engine {
    /// Removes deleted and obsolete data from the files. A running scan keeps the files that it reads until it ends.
    pub fn compact(&self) -> Result<Compacted, Error> {
        let bytes_before = self.store.usage()?.bytes_on_disk;
        self.store.compact()?;
        let bytes_after = self.store.usage()?.bytes_on_disk;
        tracing::debug!(bytes_before, bytes_after, "store compacted");
        Ok(Compacted { bytes_before, bytes_after })
    }

    /// Writes a copy, which can be opened as a store, into a directory that is empty or does not exist.
    pub fn backup(&self, directory: &Path, control: &Control) -> Result<BackedUp, Error> {
        let result = self.store.backup(directory, &|| !control.is_cancelled());
        // Storage reports a cancelled backup as a closed store.
        result.map_err(|error| control.check().err().unwrap_or_else(|| error.into()))
    }
}

/// Checks every file, record and index of a closed store. With `repair`, repairs what can be repaired.
pub fn doctor(directory: &Path, repair: bool, now: Timestamp) -> Result<Diagnosis, Error> {
    Ok(storage::doctor(directory, repair, now).map_err(|error| error.of_directory(directory))?)
}

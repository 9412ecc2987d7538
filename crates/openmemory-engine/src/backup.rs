//! How are a store's files looked after? A backup while it is written to, a compaction, and a look at one that is closed.

use openmemory_rules::contract::{BackedUp, Compacted, Control};
use std::path::Path;

use super::engine::Engine;
use openmemory_domain::Timestamp;
use openmemory_rules::Error;
use openmemory_storage::{self as storage, Diagnosis};

impl Engine {
    /// Takes what was deleted, or otherwise left behind, out of the files. A walk that is under way keeps the files that it
    /// reads until it ends.
    pub fn compact(&self) -> Result<Compacted, Error> {
        let bytes_before = self.store.usage()?.bytes_on_disk;
        self.store.compact()?;
        let bytes_after = self.store.usage()?.bytes_on_disk;
        tracing::debug!(bytes_before, bytes_after, "store compacted");
        Ok(Compacted { bytes_before, bytes_after })
    }

    /// Writes a copy into a directory that is empty or not there: it can be opened as a store.
    pub fn backup(&self, directory: &Path, control: &Control) -> Result<BackedUp, Error> {
        let made = self.store.backup(directory, &|| !control.is_cancelled());
        // What was stopped says that the store has closed.
        made.map_err(|error| control.check().err().unwrap_or_else(|| error.into()))
    }
}

/// Looks at every file, record and index of a store that nobody has open; with `repair`, mends what can be mended.
pub fn doctor(directory: &Path, repair: bool, now: Timestamp) -> Result<Diagnosis, Error> {
    Ok(storage::doctor(directory, repair, now).map_err(|error| error.of_directory(directory))?)
}

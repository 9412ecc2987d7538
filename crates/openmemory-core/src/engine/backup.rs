//! How is a store kept safe beside itself? A backup while it is written to, and a look at one that is closed.

use std::path::Path;

use super::control::Control;
use super::error::Error;
use super::open::Engine;
use crate::domain::Timestamp;
use crate::storage::{self, BackedUp, Diagnosis};

impl Engine {
    /// Writes a copy into a directory that is empty or not there: it can be opened as a store.
    pub fn backup(&self, directory: &Path, control: &Control) -> Result<BackedUp, Error> {
        let made = self.store.backup(directory, &|| !control.is_cancelled());
        // What was stopped says that the store has closed.
        made.map_err(|error| control.check().err().unwrap_or_else(|| error.into()))
    }
}

/// Looks at every file, record and index of a store that nobody has open; with `repair`, mends what can be mended.
pub fn doctor(directory: &Path, repair: bool, now: Timestamp) -> Result<Diagnosis, Error> {
    Ok(storage::doctor(directory, repair, now)?)
}

//! What does an import report?

use openmemory_domain::MemoryId;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::error::Error;

/// Maximum number of failed memories that are listed. Further failures are only counted.
const MAX_ERRORS: usize = 1000;

/// Counts and errors of an import.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Imported {
    pub imported: u64,
    /// Memories that replaced another with the same id.
    pub replaced: u64,
    /// Memories that the store already had, or kept because of `onConflict: 'skip'`.
    pub skipped: u64,
    /// Tombstones added.
    pub tombstones: u64,
    pub failed: u64,
    /// The first failures.
    pub errors: Vec<LineError>,
}

impl Imported {
    /// Counts a memory that was not imported, and lists it unless the list is full.
    pub fn refuse(&mut self, line: u64, id: &MemoryId, error: Error) {
        self.failed += 1;
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(LineError { line, id: id.to_string(), error });
        }
    }
}

/// A memory that was not imported.
#[derive(Debug, Clone)]
pub struct LineError {
    pub line: u64,
    pub id: String,
    pub error: Error,
}

impl PartialEq for LineError {
    fn eq(&self, other: &Self) -> bool {
        (self.line, &self.id, self.error.code()) == (other.line, &other.id, other.error.code())
    }
}

impl Serialize for LineError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("line", &self.line)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("error", &self.error.to_json())?;
        map.end()
    }
}

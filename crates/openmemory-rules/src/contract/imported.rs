//! What did an import do?

use openmemory_domain::MemoryId;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::error::Error;

/// Refused memories that are listed; further ones are only counted.
const LISTED: usize = 1000;

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Imported {
    pub imported: u64,
    /// Memories that took the place of others with the same id.
    pub replaced: u64,
    /// Memories that the store had already, or keeps for `onConflict: 'skip'`.
    pub skipped: u64,
    /// Ids that are known as deleted from now on.
    pub tombstones: u64,
    pub failed: u64,
    /// The first of the failed ones.
    pub errors: Vec<LineError>,
}

impl Imported {
    /// Counts a memory that was not imported, and lists it while there is room.
    pub fn refuse(&mut self, line: u64, id: &MemoryId, error: Error) {
        self.failed += 1;
        if self.errors.len() < LISTED {
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

//! What does deleting memories return?

use openmemory_domain::{Memory, Timestamp};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A deleted memory in its last state.
#[derive(Debug, Clone, PartialEq)]
pub struct Deleted {
    pub memory: Memory,
    pub deleted_at: Timestamp,
}

impl Serialize for Deleted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.memory.serialize_fields(&mut map)?;
        map.serialize_entry("deleted_at", &self.deleted_at.to_string())?;
        map.end()
    }
}

/// The memories that a filter deleted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeletedMany {
    pub deleted: usize,
    pub ids: Vec<String>,
}

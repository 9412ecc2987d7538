//! What has an operation done?

use openmemory_domain::{Event, Memory, MemoryId, Timestamp};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// A memory after an operation on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Operated {
    pub memory: Memory,
    pub effect: Effect,
    /// The memories that it replaces after a merge, each with the version that retired it.
    pub merged: Vec<Merged>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Merged {
    pub id: MemoryId,
    pub version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The memory has a new version, made by this event.
    Version(Event),
    /// The memory was there already, and was left as it is.
    Nothing,
    Deleted(Timestamp),
}

impl Effect {
    pub fn name(self) -> &'static str {
        match self {
            Self::Version(event) => event.name(),
            Self::Nothing => "NONE",
            Self::Deleted(_) => "DELETE",
        }
    }
}

impl Serialize for Operated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.memory.serialize_fields(&mut map)?;
        map.serialize_entry("event", self.effect.name())?;
        if let Effect::Deleted(at) = self.effect {
            map.serialize_entry("deleted_at", &at.to_string())?;
        }
        if !self.merged.is_empty() {
            map.serialize_entry("merged", &self.merged)?;
        }
        map.end()
    }
}

//! What does a watcher receive?

use openmemory_domain::{Memory, MemoryId, Timestamp};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A change of one memory.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryChange {
    pub kind: ChangeKind,
    /// A watch that starts at this cursor continues after this change.
    pub cursor: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ChangeKind {
    Stored(Box<Memory>),
    Deleted { id: MemoryId, version: u64, at: Timestamp },
}

impl Serialize for MemoryChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.kind {
            ChangeKind::Stored(memory) => {
                let version = &memory.version;
                map.serialize_entry("event", version.provenance.event.name())?;
                map.serialize_entry("id", version.id.as_str())?;
                map.serialize_entry("version", &version.number)?;
                map.serialize_entry("at", &version.updated_at.to_string())?;
                map.serialize_entry("memory", memory)?;
            }
            ChangeKind::Deleted { id, version, at } => {
                map.serialize_entry("event", "DELETE")?;
                map.serialize_entry("id", id.as_str())?;
                map.serialize_entry("version", version)?;
                map.serialize_entry("at", &at.to_string())?;
            }
        }
        map.serialize_entry("cursor", &self.cursor)?;
        map.end()
    }
}

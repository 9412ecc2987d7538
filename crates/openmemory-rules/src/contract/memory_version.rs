//! How is one version returned to a caller?

use openmemory_domain::{Change, Event, Version};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A version with its text and its changes.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryVersion {
    pub version: Version,
    pub content: String,
    /// The differences from the previous version; empty for the first.
    pub changes: Vec<Change>,
}

impl Serialize for MemoryVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let version = &self.version;
        let sectors = version.sectors();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", version.id.as_str())?;
        map.serialize_entry("version", &version.number)?;
        map.serialize_entry("event", version.provenance.event.name())?;
        if let Some(actor) = &version.provenance.actor {
            map.serialize_entry("actor", actor)?;
        }
        if let Some(reason) = &version.provenance.reason {
            map.serialize_entry("reason", reason)?;
        }
        if let Event::Restore { from } = version.provenance.event {
            map.serialize_entry("restored_from", &from)?;
        }
        map.serialize_entry("content", &self.content)?;
        map.serialize_entry("tags", version.tags.as_slice())?;
        map.serialize_entry("metadata", version.metadata.as_json())?;
        map.serialize_entry("sectors", &sectors.names())?;
        map.serialize_entry("primary_sector", sectors.primary().name())?;
        if let Some(at) = version.expires_at {
            map.serialize_entry("expires_at", &at.to_string())?;
        }
        for (name, value) in version.validity.fields() {
            if let Some(value) = value {
                map.serialize_entry(name, &value)?;
            }
        }
        map.serialize_entry("created_at", &version.created_at.to_string())?;
        map.serialize_entry("updated_at", &version.updated_at.to_string())?;
        map.serialize_entry("changes", &self.changes)?;
        map.end()
    }
}

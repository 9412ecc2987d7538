//! What does a caller see of a memory? One version, its text and its dynamics, serialised as the public record.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Dynamics, Timestamp, Version};

/// A memory as read at `now`, which determines its salience.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    pub version: Version,
    pub content: String,
    pub dynamics: Dynamics,
    pub now: Timestamp,
}

impl Memory {
    /// Writes the record's fields into a map that may have other fields too.
    pub fn serialize_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let version = &self.version;
        let sectors = version.sectors();
        map.serialize_entry("id", version.id.as_str())?;
        map.serialize_entry("content", &self.content)?;
        map.serialize_entry("tags", version.tags.as_slice())?;
        map.serialize_entry("metadata", version.metadata.as_json())?;
        for (name, value) in version.scope.fields() {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        map.serialize_entry("created_at", &version.created_at.to_string())?;
        map.serialize_entry("updated_at", &version.updated_at.to_string())?;
        map.serialize_entry("version", &version.number)?;
        map.serialize_entry("sectors", &sectors.names())?;
        map.serialize_entry("primary_sector", sectors.primary().name())?;
        map.serialize_entry("salience", &self.dynamics.salience().at(self.now))?;
        map.serialize_entry("immutable", &version.immutable)?;
        if let Some(at) = version.expires_at {
            map.serialize_entry("expires_at", &at.to_string())?;
        }
        for (name, value) in version.validity.fields() {
            if let Some(value) = value {
                map.serialize_entry(name, &value)?;
            }
        }
        if let Some(feedback) = self.dynamics.feedback {
            map.serialize_entry("feedback", feedback.name())?;
        }
        if let Some(reason) = &self.dynamics.feedback_reason {
            map.serialize_entry("feedback_reason", reason)?;
        }
        Ok(())
    }
}

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_fields(&mut map)?;
        map.end()
    }
}

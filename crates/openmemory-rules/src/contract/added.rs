//! What does adding a memory return?

use openmemory_domain::Memory;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The added memory, or the existing one with the same text.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    pub memory: Memory,
    /// Whether the memory existed before the call.
    pub existed: bool,
}

impl Serialize for Added {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.memory.serialize_fields(&mut map)?;
        if self.existed {
            map.serialize_entry("existed", &true)?;
        }
        map.end()
    }
}

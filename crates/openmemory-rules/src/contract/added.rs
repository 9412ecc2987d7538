//! What does a caller get who adds a memory?

use openmemory_domain::Memory;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The memory that adding has led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    pub memory: Memory,
    /// Whether it had the text already.
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

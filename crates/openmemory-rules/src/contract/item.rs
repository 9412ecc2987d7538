//! What is the result of one item of a batch?

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::error::Error;

/// The result of one item.
pub type ItemResult<T> = Result<T, ItemError>;

/// Why an item was rejected, and the id that it named.
#[derive(Debug, Clone)]
pub struct ItemError {
    pub id: Option<String>,
    pub error: Error,
}

impl Serialize for ItemError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("ok", &false)?;
        if let Some(id) = &self.id {
            map.serialize_entry("id", id)?;
        }
        map.serialize_entry("error", &self.error.to_json())?;
        map.end()
    }
}

//! What does a store keep of a deleted memory?

use std::fmt;

use openmemory_domain::Timestamp;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// What remains of a deleted memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tombstone {
    pub deleted_at: Timestamp,
    /// The number of its last version.
    pub version: u64,
    /// Who deleted it, and why.
    pub actor: Option<String>,
    pub reason: Option<String>,
}

impl<'de> Deserialize<'de> for Tombstone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple(4, TombstoneFields)
    }
}

/// Earlier builds wrote tombstones without `actor` and `reason`.
struct TombstoneFields;

impl<'de> Visitor<'de> for TombstoneFields {
    type Value = Tombstone;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tombstone")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<Tombstone, A::Error> {
        let missing = || A::Error::custom("a tombstone without its time and version");
        Ok(Tombstone {
            deleted_at: fields.next_element()?.ok_or_else(missing)?,
            version: fields.next_element()?.ok_or_else(missing)?,
            actor: fields.next_element().ok().flatten().flatten(),
            reason: fields.next_element().ok().flatten().flatten(),
        })
    }
}

//! Which memory? An id is a TypeID (`mem_` and a UUIDv7) or a string of the caller's choice.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use type_safe_id::{StaticType, TypeSafeId};
use uuid::Uuid;

use super::unique::unique;
use super::{Invalid, limits};

#[derive(Default)]
struct Mem;

impl StaticType for Mem {
    const TYPE: &'static str = "mem";
}

/// 1 to 256 characters without control characters.
///
/// A UUID and the TypeID of the same 128 bits are one id. It is stored as the TypeID and displayed as the caller wrote
/// it.
#[derive(Debug, Clone)]
pub struct MemoryId {
    text: String,
    /// The UUID as the caller wrote it.
    given: Option<Box<str>>,
}

impl MemoryId {
    /// A new id. Ids sort by creation time.
    pub fn generate() -> Self {
        Self::from_uuid(unique())
    }

    pub fn from_uuid(uuid: Uuid) -> Self {
        Self { text: TypeSafeId::<Mem>::from_uuid(uuid).to_string(), given: None }
    }

    /// The UUID of a TypeID; `None` for other ids.
    pub fn uuid(&self) -> Option<Uuid> {
        self.text.parse::<TypeSafeId<Mem>>().ok().map(|id| id.uuid())
    }

    /// The stored form. Callers see this id's `Display`, which preserves their spelling.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Checks an id from a caller's `field`.
    pub fn read(field: &str, text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::missing_id(field));
        }
        if text.chars().count() > limits::ID_CHARACTERS {
            return Err(Invalid::limit(field, format!("an id has at most {} characters", limits::ID_CHARACTERS)));
        }
        if text.chars().any(char::is_control) {
            return Err(Invalid::argument(field, "an id has no control characters"));
        }
        // Only the hyphenated form: 32 bare hex digits could also be a hash.
        if text.len() == 36
            && let Ok(uuid) = Uuid::try_parse(text)
        {
            return Ok(Self { given: Some(text.into()), ..Self::from_uuid(uuid) });
        }
        Ok(Self { text: text.to_owned(), given: None })
    }
}

impl fmt::Display for MemoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.given.as_deref().unwrap_or(&self.text))
    }
}

impl PartialEq for MemoryId {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for MemoryId {}

impl PartialOrd for MemoryId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MemoryId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for MemoryId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Serialize for MemoryId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MemoryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { text: String::deserialize(deserializer)?, given: None })
    }
}

#[cfg(test)]
mod tests {
    use super::super::InvalidKind;
    use super::*;

    #[test]
    fn a_uuid_and_its_typeid_are_one_id() {
        let id = MemoryId::generate();
        let uuid = id.uuid().unwrap().to_string();
        assert!(id.as_str().starts_with("mem_"));
        assert_eq!(MemoryId::read("id", &uuid).unwrap(), id);
        assert_eq!(MemoryId::read("id", &uuid.to_uppercase()).unwrap(), id);
        assert_eq!(MemoryId::read("id", id.as_str()).unwrap(), id);
    }

    #[test]
    fn an_id_is_displayed_as_it_was_given() {
        let uuid = MemoryId::generate().uuid().unwrap().to_string().to_uppercase();
        assert_eq!(MemoryId::read("id", &uuid).unwrap().to_string(), uuid);
        let id = MemoryId::generate();
        assert_eq!(MemoryId::read("id", id.as_str()).unwrap().to_string(), id.as_str());
    }

    #[test]
    fn custom_ids_are_stored_unchanged() {
        for text in ["mem_7k9n2x4p8q", "a/b c", "ключ", "x"] {
            assert_eq!(MemoryId::read("id", text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn invalid_ids_are_rejected() {
        assert_eq!(MemoryId::read("id", "").unwrap_err().kind, InvalidKind::MissingId);
        assert_eq!(MemoryId::read("id", &"x".repeat(257)).unwrap_err().kind, InvalidKind::Limit);
        assert_eq!(MemoryId::read("id", "a\0b").unwrap_err().kind, InvalidKind::Argument);
        assert!(MemoryId::read("id", &"é".repeat(256)).is_ok());
    }
}

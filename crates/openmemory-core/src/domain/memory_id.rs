//! Which memory? An id is a TypeID (`mem_` and a UUIDv7) or whatever a caller brings.

use std::fmt;

use serde::{Deserialize, Serialize};
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
/// A UUID and the TypeID of the same 128 bits are one id; it is kept as the TypeID.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MemoryId(String);

impl MemoryId {
    /// A new id that sorts by the time it was made.
    pub fn generate() -> Self {
        Self::from_uuid(unique())
    }

    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(TypeSafeId::<Mem>::from_uuid(uuid).to_string())
    }

    /// The UUID of a TypeID; none for other ids.
    pub fn uuid(&self) -> Option<Uuid> {
        self.0.parse::<TypeSafeId<Mem>>().ok().map(|id| id.uuid())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks an id that a caller gave in `field`.
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
        // Only the hyphenated form: 32 bare hex digits are as likely a caller's own hash.
        if text.len() == 36
            && let Ok(uuid) = Uuid::try_parse(text)
        {
            return Ok(Self::from_uuid(uuid));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for MemoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
    fn an_id_of_the_callers_own_is_kept_as_it_is() {
        for text in ["mem_7k9n2x4p8q", "a/b c", "ключ", "x"] {
            assert_eq!(MemoryId::read("id", text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn ids_out_of_bounds_are_refused() {
        assert_eq!(MemoryId::read("id", "").unwrap_err().kind, InvalidKind::MissingId);
        assert_eq!(MemoryId::read("id", &"x".repeat(257)).unwrap_err().kind, InvalidKind::Limit);
        assert_eq!(MemoryId::read("id", "a\0b").unwrap_err().kind, InvalidKind::Argument);
        assert!(MemoryId::read("id", &"é".repeat(256)).is_ok());
    }
}

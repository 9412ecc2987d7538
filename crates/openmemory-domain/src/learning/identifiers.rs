//! Which message, and which learning? Messages are named by what they say, so that the same message is the same again.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use type_safe_id::{StaticType, TypeSafeId};
use uuid::Uuid;

use super::message::Message;
use crate::unique::unique;
use crate::{Invalid, Scope, Timestamp};

#[derive(Default)]
struct Lrn;

impl StaticType for Lrn {
    const TYPE: &'static str = "lrn";
}

/// `lrn_` and a UUIDv7, so that ids sort by creation time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LearningId(String);

impl LearningId {
    pub fn generate() -> Self {
        Self(TypeSafeId::<Lrn>::from_uuid(unique()).to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The UUID of the same bits.
    pub fn uuid(&self) -> Option<Uuid> {
        self.0.parse::<TypeSafeId<Lrn>>().ok().map(|id| id.uuid())
    }

    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(TypeSafeId::<Lrn>::from_uuid(uuid).to_string())
    }

    /// Checks an id from a caller's `field`.
    pub fn read(field: &str, text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::missing_id(field));
        }
        if text.len() == 36
            && let Ok(uuid) = Uuid::try_parse(text)
        {
            return Ok(Self::from_uuid(uuid));
        }
        match text.parse::<TypeSafeId<Lrn>>() {
            Ok(id) => Ok(Self(id.to_string())),
            Err(_) => Err(Invalid::argument(field, "must be the id of a learning, lrn_…")),
        }
    }
}

impl TryFrom<String> for LearningId {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::read("id", &text)
    }
}

impl From<LearningId> for String {
    fn from(id: LearningId) -> Self {
        id.0
    }
}

impl fmt::Display for LearningId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `msg_` and 26 characters of the hash of whose message it is and what it says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageId(String);

impl MessageId {
    /// The caller's own id decides if there is one. Otherwise role, name, text and `said` decide, where `said` is the time
    /// that the caller gave, and `occurrence` counts equal messages of one call.
    pub fn of(scope: &Scope, message: &Message, said: Option<Timestamp>, occurrence: usize) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut field = |value: Option<&str>| {
            // Prefixed with its length, so that no two messages hash the same bytes.
            hasher.update(&value.map_or(u64::MAX, |value| value.len() as u64).to_le_bytes());
            hasher.update(value.unwrap_or_default().as_bytes());
        };
        scope.fields().iter().for_each(|(_, value)| field(*value));
        match &message.id {
            Some(id) => field(Some(id)),
            None => {
                field(None);
                field(Some(message.role.name()));
                field(message.name.as_deref());
                field(Some(&message.content));
                field(said.map(|at| at.to_string()).as_deref());
                field(Some(&occurrence.to_string()));
            }
        }
        let text = BASE32_NOPAD.encode(&hasher.finalize().as_bytes()[..16]).to_ascii_lowercase();
        Self(format!("msg_{text}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An id as an export has it.
    pub fn read(field: &str, text: &str) -> Result<Self, Invalid> {
        let is_id = text.strip_prefix("msg_").is_some_and(|hash| {
            hash.len() == 26 && hash.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        if is_id {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::argument(field, "must be the id of a message, msg_…"))
        }
    }
}

impl TryFrom<String> for MessageId {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::read("id", &text)
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> Self {
        id.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::Role;
    use super::*;

    fn message(content: &str) -> Message {
        Message { role: Role::User, content: content.into(), name: None, at: Timestamp::from_millis(0), id: None }
    }

    #[test]
    fn equal_messages_have_equal_ids_and_others_do_not() {
        let scope = Scope { user_id: Some("ada".into()), ..Scope::default() };
        let id = MessageId::of(&scope, &message("hello"), None, 0);
        assert_eq!(MessageId::of(&scope, &message("hello"), None, 0), id);
        assert_eq!(MessageId::read("id", id.as_str()).unwrap(), id);
        let later = Some(Timestamp::from_millis(1));
        for other in [
            MessageId::of(&Scope::default(), &message("hello"), None, 0),
            MessageId::of(&scope, &message("hello!"), None, 0),
            MessageId::of(&scope, &message("hello"), later, 0),
            MessageId::of(&scope, &message("hello"), None, 1),
            MessageId::of(&scope, &Message { role: Role::Assistant, ..message("hello") }, None, 0),
        ] {
            assert_ne!(other, id);
        }
    }

    #[test]
    fn an_id_of_the_caller_is_all_that_counts() {
        let with_id = |content| Message { id: Some("m1".into()), ..message(content) };
        let scope = Scope::default();
        assert_eq!(MessageId::of(&scope, &with_id("a"), None, 0), MessageId::of(&scope, &with_id("b"), None, 3));
    }

    #[test]
    fn ids_of_learnings_are_read_and_others_refused() {
        let id = LearningId::generate();
        assert_eq!(LearningId::read("id", id.as_str()).unwrap(), id);
        assert!(LearningId::read("id", "mem_01h2xcejqtf2nbrexx3vqjhp41").is_err());
        assert!(LearningId::read("id", "").is_err());
    }
}

//! Who said what, and when?

use serde::{Deserialize, Serialize};

use super::text_form;
use crate::{Invalid, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    User,
    Assistant,
    System,
    Tool,
}

impl Role {
    pub const NAMES: [&str; 4] = ["user", "assistant", "system", "tool"];

    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::System => "system",
            Self::Tool => "tool",
        }
    }

    pub fn read(field: &str, name: &str) -> Result<Self, Invalid> {
        [Self::User, Self::Assistant, Self::System, Self::Tool]
            .into_iter()
            .find(|role| role.name() == name)
            .ok_or_else(|| Invalid::argument(field, format!("must be one of {}", Self::NAMES.join(", "))))
    }
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    pub content: String,
    /// Who speaks, in a conversation of several people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it was said.
    #[serde(with = "text_form::time")]
    pub at: Timestamp,
    /// The caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

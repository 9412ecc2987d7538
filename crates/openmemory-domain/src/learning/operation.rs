//! What does a language model propose to do with memories? Nothing that could lose a text: it can retire, never delete.

use serde::{Deserialize, Serialize};

use super::text_form;
use crate::{Invalid, MemoryId, PartialDate, Retired};

/// How a new text relates to the one that it replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Something has changed: the old text was true before.
    NewState,
    /// The old text never was true.
    Correction,
    /// The old text stays true, and more is known.
    Detail,
}

impl Change {
    pub const NAMES: [&str; 3] = ["new_state", "correction", "detail"];

    pub fn read(field: &str, name: &str) -> Result<Self, Invalid> {
        match name {
            "new_state" => Ok(Self::NewState),
            "correction" => Ok(Self::Correction),
            "detail" => Ok(Self::Detail),
            _ => Err(Invalid::argument(field, format!("must be one of {}", Self::NAMES.join(", ")))),
        }
    }
}

/// A memory in the version that the model was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionedId {
    pub id: MemoryId,
    #[serde(rename = "ifVersion")]
    pub if_version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum ProposedOperation {
    Add {
        content: String,
        /// Of the categories that the call has given, besides the tags of all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<String>,
        #[serde(default, with = "text_form::optional_date", skip_serializing_if = "Option::is_none")]
        valid_from: Option<PartialDate>,
        #[serde(default, with = "text_form::optional_date", skip_serializing_if = "Option::is_none")]
        valid_to: Option<PartialDate>,
    },
    Update {
        #[serde(flatten)]
        memory: VersionedId,
        content: String,
        change: Change,
        #[serde(default, with = "text_form::optional_date", skip_serializing_if = "Option::is_none")]
        valid_from: Option<PartialDate>,
        #[serde(default, with = "text_form::optional_date", skip_serializing_if = "Option::is_none")]
        valid_to: Option<PartialDate>,
    },
    Retire {
        #[serde(flatten)]
        memory: VersionedId,
        #[serde(with = "retired_name")]
        why: Retired,
        #[serde(default, with = "text_form::optional_date", skip_serializing_if = "Option::is_none")]
        valid_to: Option<PartialDate>,
    },
    /// The first memory gets a text that says what all of them said; the others are retired.
    Merge {
        #[serde(flatten)]
        memory: VersionedId,
        content: String,
        from: Vec<VersionedId>,
    },
    /// Said again: one more source, and no new version.
    Keep {
        #[serde(flatten)]
        memory: VersionedId,
    },
}

impl ProposedOperation {
    /// The memory that it is about; `None` for a new one.
    pub fn memory(&self) -> Option<&VersionedId> {
        match self {
            Self::Add { .. } => None,
            Self::Update { memory, .. }
            | Self::Retire { memory, .. }
            | Self::Merge { memory, .. }
            | Self::Keep { memory } => Some(memory),
        }
    }

    /// All memories that it touches.
    pub fn memories(&self) -> impl Iterator<Item = &VersionedId> {
        let others = match self {
            Self::Merge { from, .. } => from.as_slice(),
            _ => &[],
        };
        self.memory().into_iter().chain(others)
    }

    /// The text that it would store.
    pub fn content(&self) -> Option<&str> {
        match self {
            Self::Add { content, .. } | Self::Update { content, .. } | Self::Merge { content, .. } => Some(content),
            Self::Retire { .. } | Self::Keep { .. } => None,
        }
    }

    /// Whether it changes what the store says already.
    pub fn changes_memories(&self) -> bool {
        matches!(self, Self::Update { .. } | Self::Retire { .. } | Self::Merge { .. })
    }
}

mod retired_name {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::Retired;

    pub fn serialize<S: Serializer>(why: &Retired, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(why.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Retired, D::Error> {
        Retired::read("why", &String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

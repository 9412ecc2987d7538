//! What became of a proposed operation?

use serde::{Deserialize, Serialize};

use super::identifiers::MessageId;
use super::operation::ProposedOperation;
use crate::MemoryId;

/// The words on which a proposal rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub message: MessageId,
    pub text: String,
}

/// Why a proposal was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefusalCode {
    /// The quote is not in the message, or its speaker is not to be learnt from, or a figure is nowhere in the sources.
    Unsupported,
    /// A number that was not shown.
    UnknownMemory,
    /// The same was retired as wrong before.
    RejectedBefore,
    Immutable,
    VersionConflict,
    /// Another operation of the answer concerns the same memory, or says the same.
    Duplicate,
    /// The call does not allow operations of this kind, or not on this memory.
    NotAllowed,
    InvalidArgument,
    NotFound,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: RefusalCode,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Refusal {
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None }
    }

    pub fn of_field(code: RefusalCode, field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(code, message) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Applied,
    /// For a person, or for a call that only wants to see it.
    Waiting,
    Refused,
    /// A person decided against it.
    Discarded,
    Undone,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnedOperation {
    /// `None` for an answer that named no memory that was shown, and after the memory was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<ProposedOperation>,
    pub quotes: Vec<Quote>,
    pub reason: String,
    /// The text that it replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    pub state: State,
    /// The memory that it has made, changed or confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MemoryId>,
    /// The version that it has made, or confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Refusal>,
}

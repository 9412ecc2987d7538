//! What did one call learn? The record that explains a change, and from which it can be undone.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::identifiers::{LearningId, MessageId};
use super::outcome::{LearnedOperation, State};
use super::text_form;
use crate::{MemoryId, Scope, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Answered, and not learnt from yet.
    Pending,
    Done,
    /// Some operations wait for a decision.
    Waiting,
    /// There was nothing to learn.
    Nothing,
    Failed,
    Undone,
}

impl Status {
    /// Of those that are kept.
    pub const NAMES: [&str; 5] = ["done", "waiting", "nothing", "failed", "undone"];
}

/// What the model cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    pub calls: u64,
    /// As the model's server counts them; missing if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    pub ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearningFailure {
    pub code: String,
    pub why: String,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learning {
    pub id: LearningId,
    pub status: Status,
    pub operations: Vec<LearnedOperation>,
    pub messages: Vec<MessageId>,
    pub usage: Usage,
    /// The model that proposed it.
    pub model: String,
    /// The prompt by name and hash.
    pub prompt: String,
    #[serde(flatten, with = "text_form::scope")]
    pub scope: Scope,
    #[serde(with = "text_form::time")]
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<LearningFailure>,
}

impl Learning {
    /// What is promised to be learnt.
    pub fn pending(id: LearningId, scope: Scope, created_at: Timestamp) -> Self {
        Self {
            id,
            status: Status::Pending,
            operations: Vec::new(),
            messages: Vec::new(),
            usage: Usage::default(),
            model: String::new(),
            prompt: String::new(),
            scope,
            created_at,
            error: None,
        }
    }

    /// What the states of the operations amount to.
    pub fn settled_status(&self) -> Status {
        let any = |state| self.operations.iter().any(|operation| operation.state == state);
        if any(State::Waiting) {
            Status::Waiting
        } else if any(State::Undone) && !any(State::Applied) {
            Status::Undone
        } else if any(State::Applied) {
            Status::Done
        } else {
            Status::Nothing
        }
    }
}

/// What a call gives the memories that it adds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Added {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    #[serde(default, with = "text_form::optional_time", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub immutable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// A learning as a store keeps it: what waits in it can be applied later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptLearning {
    #[serde(flatten)]
    pub learning: Learning,
    pub added: Added,
    /// The hash of scope, messages, options, prompt and model, in hexadecimal: the same call again has the same key.
    pub key: String,
}

/// Where a version of a memory comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSource {
    pub memory: MemoryId,
    pub version: u64,
    pub learning: LearningId,
    pub message: MessageId,
    pub quote: String,
}

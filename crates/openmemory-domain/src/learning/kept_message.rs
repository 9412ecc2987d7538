//! What does a store keep of a message?

use serde::{Deserialize, Serialize};

use super::identifiers::MessageId;
use super::message::Message;
use super::text_form;
use crate::Scope;

/// A message that a store keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptMessage {
    pub message_id: MessageId,
    #[serde(flatten)]
    pub message: Message,
    #[serde(flatten, with = "text_form::scope")]
    pub scope: Scope,
    /// With which instructions, prompt and model it was learnt from, as short hashes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
}

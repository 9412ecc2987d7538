//! What does a store return of what it has learnt?

use openmemory_domain::learning::{KeptMessage, KeptSource, Learning};
use serde::Serialize;

/// Learnings, newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LearningPage {
    pub learnings: Vec<Learning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Messages in the order in which they were said.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct MessagePage {
    pub messages: Vec<KeptMessage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The words that a version of a memory rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceText {
    #[serde(flatten)]
    pub source: KeptSource,
    /// Missing if messages were not kept, or were deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<KeptMessage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DeletedMessages {
    pub deleted: usize,
}

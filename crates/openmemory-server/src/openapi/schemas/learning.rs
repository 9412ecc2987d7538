//! What does an answer say about what was learnt?

use serde_json::Value;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum LearningStatus {
    /// Answered with `Prefer: respond-async`, and not learnt from yet
    Pending,
    Done,
    Waiting,
    Nothing,
    Failed,
    Undone,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum OperationState {
    Applied,
    Waiting,
    Refused,
    Discarded,
    Undone,
}

#[derive(ToSchema)]
pub struct Quote {
    /// Id of the message
    pub message: String,
    pub text: String,
}

#[derive(ToSchema)]
pub struct OperationRefusal {
    pub code: String,
    pub message: String,
    #[schema(nullable = false)]
    pub field: Option<String>,
}

#[derive(ToSchema)]
pub struct LearnedOperation {
    /// `{op: add | update | retire | merge | keep, …}`; missing if the answer of the model could not be understood, and
    /// after the memory was deleted
    #[schema(nullable = false, value_type = Option<Object>)]
    pub operation: Option<Value>,
    pub quotes: Vec<Quote>,
    pub reason: String,
    /// The text that it replaces
    #[schema(nullable = false)]
    pub before: Option<String>,
    pub state: OperationState,
    /// The memory that it has made, changed or confirmed
    #[schema(nullable = false)]
    pub id: Option<String>,
    #[schema(nullable = false)]
    pub version: Option<i64>,
    #[schema(nullable = false)]
    pub error: Option<OperationRefusal>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct LearningUsage {
    pub calls: i64,
    #[schema(nullable = false)]
    pub input_tokens: Option<i64>,
    #[schema(nullable = false)]
    pub output_tokens: Option<i64>,
    pub ms: i64,
}

#[derive(ToSchema)]
pub struct LearningFailure {
    pub code: String,
    pub why: String,
    pub message: String,
}

#[derive(ToSchema)]
pub struct Learning {
    pub id: String,
    pub status: LearningStatus,
    pub operations: Vec<LearnedOperation>,
    /// Ids of the messages
    pub messages: Vec<String>,
    pub usage: LearningUsage,
    pub model: String,
    /// The prompt by name and hash
    pub prompt: String,
    #[schema(nullable = false)]
    pub user_id: Option<String>,
    #[schema(nullable = false)]
    pub agent_id: Option<String>,
    #[schema(nullable = false)]
    pub app_id: Option<String>,
    #[schema(nullable = false)]
    pub run_id: Option<String>,
    pub created_at: String,
    #[schema(nullable = false)]
    pub error: Option<LearningFailure>,
}

#[derive(ToSchema)]
pub struct Learnings {
    pub learnings: Vec<Learning>,
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

#[derive(ToSchema)]
pub struct KeptMessage {
    pub message_id: String,
    pub role: String,
    pub content: String,
    #[schema(nullable = false)]
    pub name: Option<String>,
    pub at: String,
    /// The caller's own
    #[schema(nullable = false)]
    pub id: Option<String>,
    #[schema(nullable = false)]
    pub user_id: Option<String>,
    #[schema(nullable = false)]
    pub agent_id: Option<String>,
    #[schema(nullable = false)]
    pub app_id: Option<String>,
    #[schema(nullable = false)]
    pub run_id: Option<String>,
    /// With which instructions, prompt and model it was learnt from
    #[schema(nullable = false)]
    pub seen: Option<Vec<String>>,
}

#[derive(ToSchema)]
pub struct Messages {
    pub messages: Vec<KeptMessage>,
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

#[derive(ToSchema)]
pub struct Source {
    pub memory: String,
    pub version: i64,
    /// Id of the learning
    pub learning: String,
    /// Id of the message
    pub message: String,
    pub quote: String,
    /// The message, if it was kept
    #[schema(nullable = false)]
    pub text: Option<KeptMessage>,
}

#[derive(ToSchema)]
pub struct Sources {
    pub sources: Vec<Source>,
}

#[derive(ToSchema)]
pub struct DeletedMessages {
    pub deleted: i64,
}

#[derive(ToSchema)]
pub struct Consolidated {
    pub learning: Option<Learning>,
}

#[derive(ToSchema)]
pub struct Relearnt {
    /// Of each conversation; the earlier one where nobody had to be asked again
    pub learnings: Vec<Learning>,
}

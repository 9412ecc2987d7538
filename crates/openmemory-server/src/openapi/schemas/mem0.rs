//! What do Mem0's routes answer, and which paths have they?

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::{IntoParams, IntoResponses, ToSchema};

/// Any JSON
#[derive(ToSchema)]
pub struct AnyJson(Value);

/// A memory as Mem0's clients read it
#[derive(ToSchema)]
pub struct Mem0Memory {
    pub id: String,
    pub memory: String,
    pub user_id: Option<String>,
    pub agent_id: Option<String>,
    pub app_id: Option<String>,
    pub run_id: Option<String>,
    pub session_id: Option<String>,
    pub metadata: BTreeMap<String, Value>,
    /// The tags
    pub categories: Vec<String>,
    pub created_at: String,
    pub updated_at: String,
    /// The last day on which it is there
    pub expiration_date: Option<String>,
    /// `active`; `superseded` if it is retired or has ended; `merged` if another one says the same
    pub lifecycle_state: String,
    /// The memory into which it was merged
    pub replaced_by: Option<String>,
    pub immutable: bool,
    pub version: i64,
}

#[derive(ToSchema)]
pub struct Mem0Page {
    pub count: i64,
    pub next: Option<String>,
    pub previous: Option<String>,
    pub results: Vec<BTreeMap<String, Value>>,
}

#[derive(ToSchema)]
pub struct Mem0Results {
    pub results: Vec<BTreeMap<String, Value>>,
    /// Where the query was longer: how many of its last characters were searched for
    #[schema(nullable = false)]
    pub query_cut: Option<i64>,
}

#[derive(ToSchema)]
pub struct Mem0Message {
    pub message: String,
}

#[derive(ToSchema)]
pub struct Mem0Refusal {
    pub detail: String,
    pub error: String,
    pub code: String,
    pub field: Option<String>,
    pub details: Option<BTreeMap<String, Value>>,
}

#[derive(IntoResponses)]
pub enum Mem0Refusals {
    /// Something is missing, wrong, or not supported
    #[response(status = 400)]
    Invalid(#[to_schema] Mem0Refusal),
    #[response(status = 401)]
    Auth(#[to_schema] Mem0Refusal),
    #[response(status = 403)]
    Forbidden(#[to_schema] Mem0Refusal),
    /// There is no such memory
    #[response(status = 404)]
    NotFound(#[to_schema] Mem0Refusal),
    #[response(status = 409)]
    Conflict(#[to_schema] Mem0Refusal),
    #[response(status = 413)]
    Limit(#[to_schema] Mem0Refusal),
    #[response(status = 429)]
    Rate(#[to_schema] Mem0Refusal),
    #[response(status = 500)]
    Internal(#[to_schema] Mem0Refusal),
    #[response(status = 503)]
    Unavailable(#[to_schema] Mem0Refusal),
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct Mem0IdPath {
    /// A UUID, or any id of a memory
    pub memory_id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ProjectPath {
    pub org: String,
    pub project: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct WebhookProjectPath {
    /// The `project_id` of `/v1/ping`
    pub project: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct WebhookPath {
    pub webhook: String,
}

/// A webhook as Mem0's clients read it
#[derive(ToSchema)]
pub struct Mem0Webhook {
    pub webhook_id: String,
    pub name: String,
    pub url: String,
    /// `memory_add`, `memory_update`, `memory_delete`, `memory_categorize`
    pub event_types: Vec<String>,
    pub owner: String,
    pub project: String,
    /// False once its receiver has answered 410
    pub is_active: bool,
    pub created_at: String,
    pub updated_at: String,
    pub last_delivered_at: Option<String>,
    /// Why the last event was not taken
    pub last_error: Option<String>,
    /// What signatures are made with; in the answer that makes the webhook only
    #[schema(nullable = false)]
    pub secret: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct EntityPath {
    pub user: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct EntityPaths {
    /// `user`, `agent`, `app` or `run`
    pub entity: String,
    pub name: String,
}

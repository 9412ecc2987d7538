//! Which shapes do requests and answers have? Described here for OpenAPI; the engine reads and writes them.

#![expect(dead_code, reason = "shapes that are described and never made")]

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, IntoResponses, ToSchema};

#[derive(ToSchema, Serialize)]
#[schema(rename_all = "lowercase")]
pub enum Sector {
    Episodic,
    Semantic,
    Procedural,
    Emotional,
    Reflective,
}

#[derive(ToSchema, Serialize)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Feedback {
    Positive,
    Negative,
    VeryNegative,
}

#[derive(ToSchema, Serialize)]
pub struct Memory {
    pub id: String,
    pub content: String,
    pub tags: Vec<String>,
    pub metadata: BTreeMap<String, Value>,
    #[schema(nullable = false)]
    pub user_id: Option<String>,
    #[schema(nullable = false)]
    pub agent_id: Option<String>,
    #[schema(nullable = false)]
    pub app_id: Option<String>,
    #[schema(nullable = false)]
    pub run_id: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    #[schema(minimum = 1)]
    pub version: i64,
    pub sectors: Vec<Sector>,
    pub primary_sector: Sector,
    #[schema(minimum = 0, maximum = 1)]
    pub salience: f64,
    pub immutable: bool,
    #[schema(format = DateTime, nullable = false)]
    pub expires_at: Option<String>,
    #[schema(nullable = false)]
    pub feedback: Option<Feedback>,
    #[schema(nullable = false)]
    pub feedback_reason: Option<String>,
    #[schema(format = DateTime, nullable = false)]
    pub last_seen_at: Option<String>,
    /// Per day
    #[schema(nullable = false)]
    pub decay_lambda: Option<f64>,
}

#[derive(ToSchema)]
pub struct NewMemory {
    /// 1 to 200 000 characters, not only white space
    #[schema(min_length = 1, max_length = 200_000)]
    pub content: String,
    /// At most 64 of 1 to 256 characters
    #[schema(max_items = 64)]
    pub tags: Option<Vec<String>>,
    /// At most 64 KiB of JSON, 32 levels deep; `sector` pins the sector
    pub metadata: Option<BTreeMap<String, Value>>,
    pub user_id: Option<String>,
    pub agent_id: Option<String>,
    pub app_id: Option<String>,
    pub run_id: Option<String>,
    /// One of your own
    pub id: Option<String>,
    pub immutable: Option<bool>,
    pub expires_at: Option<String>,
    pub created_at: Option<String>,
    /// Taken from OpenMemory's clients; salience follows from the sectors
    pub salience: Option<f64>,
    /// Taken from OpenMemory's clients; decay follows from the sectors
    pub decay_lambda: Option<f64>,
}

#[derive(ToSchema)]
pub struct AddBatch {
    #[schema(min_items = 1, max_items = 1000)]
    pub items: Vec<NewMemory>,
    /// All or nothing
    pub atomic: Option<bool>,
}

#[derive(ToSchema)]
pub struct Patch {
    pub content: Option<String>,
    /// Replaces the whole array
    pub tags: Option<Vec<String>>,
    /// Merged field by field; null removes one
    pub metadata: Option<BTreeMap<String, Value>>,
    /// Null clears it
    pub expires_at: Option<String>,
    /// Kept in the history
    pub actor: Option<String>,
    /// Kept in the history
    pub reason: Option<String>,
    /// As `If-Match`, answered 409
    #[schema(rename = "ifVersion")]
    pub if_version: Option<i64>,
}

#[derive(ToSchema)]
pub struct ItemPatch {
    pub id: String,
    pub content: Option<String>,
    pub tags: Option<Vec<String>>,
    pub metadata: Option<BTreeMap<String, Value>>,
    pub expires_at: Option<String>,
    #[schema(rename = "ifVersion")]
    pub if_version: Option<i64>,
}

#[derive(ToSchema)]
pub struct UpdateBatch {
    #[schema(min_items = 1, max_items = 1000)]
    pub items: Vec<ItemPatch>,
    pub atomic: Option<bool>,
    pub actor: Option<String>,
    pub reason: Option<String>,
}

#[derive(ToSchema, Serialize)]
pub struct ItemResult {
    pub ok: bool,
    #[schema(nullable = false)]
    pub id: Option<String>,
    #[schema(nullable = false)]
    pub memory: Option<Memory>,
    #[schema(nullable = false)]
    pub error: Option<ItemError>,
}

#[derive(ToSchema, Serialize)]
pub struct ItemError {
    pub code: String,
    pub message: String,
    #[schema(nullable = false)]
    pub field: Option<String>,
    #[schema(nullable = false)]
    pub details: Option<BTreeMap<String, Value>>,
    pub retryable: bool,
}

#[derive(ToSchema, Serialize)]
pub struct Results {
    /// In the order of the items
    pub results: Vec<ItemResult>,
}

/// Exactly one of these
#[derive(ToSchema)]
pub struct Selection {
    pub ids: Option<Vec<String>>,
    pub filters: Option<BTreeMap<String, Value>>,
    /// True
    pub all: Option<bool>,
}

#[derive(ToSchema, Serialize)]
pub struct Summary {
    pub deleted: i64,
    pub ids: Vec<String>,
}

#[derive(ToSchema, Serialize)]
#[serde(untagged)]
pub enum Deletion {
    Each(Results),
    Matching(Summary),
}

#[derive(ToSchema)]
pub struct DeletedOne {
    pub ok: bool,
    pub memory: Memory,
}

#[derive(ToSchema)]
pub struct UserDeleted {
    pub ok: bool,
    pub deleted: i64,
}

#[derive(ToSchema)]
pub struct ListRequest {
    pub filters: Option<BTreeMap<String, Value>>,
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<i64>,
    pub cursor: Option<String>,
    /// `created_at:desc`, `created_at:asc`, `updated_at:desc` or `updated_at:asc`
    pub order: Option<String>,
    #[schema(rename = "showExpired")]
    pub show_expired: Option<bool>,
}

#[derive(ToSchema)]
pub struct Items {
    pub items: Vec<Memory>,
    /// Absent on the last page
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

#[derive(ToSchema)]
pub struct Query {
    #[schema(min_length = 1, max_length = 8192)]
    pub query: String,
    #[schema(minimum = 1, maximum = 1000, default = 8)]
    pub k: Option<i64>,
    /// The filter language; also `sector`, `min_score`, `startTime`, `endTime`, and `tags` as a list
    pub filters: Option<BTreeMap<String, Value>>,
    pub sectors: Option<Vec<Sector>>,
    #[schema(rename = "minScore", minimum = 0, maximum = 1)]
    pub min_score: Option<f64>,
    pub explain: Option<bool>,
    #[schema(rename = "showExpired")]
    pub show_expired: Option<bool>,
    pub user_id: Option<String>,
    /// Milliseconds since 1970
    #[schema(rename = "startTime")]
    pub start_time: Option<i64>,
    #[schema(rename = "endTime")]
    pub end_time: Option<i64>,
}

#[derive(ToSchema)]
pub struct Search {
    #[schema(min_length = 1, max_length = 8192)]
    pub query: String,
    #[schema(minimum = 1, maximum = 1000, default = 8)]
    pub k: Option<i64>,
    pub filters: Option<BTreeMap<String, Value>>,
    pub sectors: Option<Vec<Sector>>,
    #[schema(rename = "minScore", minimum = 0, maximum = 1)]
    pub min_score: Option<f64>,
    pub explain: Option<bool>,
    #[schema(rename = "showExpired")]
    pub show_expired: Option<bool>,
}

#[derive(ToSchema, Serialize)]
pub struct Match {
    #[schema(inline)]
    #[serde(flatten)]
    pub memory: Memory,
    #[schema(minimum = 0, maximum = 1)]
    pub score: f64,
    pub similarity: f64,
    pub path: Vec<String>,
    #[schema(nullable = false)]
    pub explain: Option<BTreeMap<String, Value>>,
}

#[derive(ToSchema)]
pub struct Matches {
    pub query: String,
    pub matches: Vec<Match>,
}

#[derive(ToSchema)]
pub struct ReinforceRequest {
    pub id: String,
    /// Above 0, at most 1
    #[schema(default = 0.1)]
    pub boost: Option<f64>,
}

#[derive(ToSchema)]
pub struct Reinforced {
    pub ok: bool,
    pub memory: Memory,
}

#[derive(ToSchema)]
pub struct FeedbackBody {
    /// Null takes it back
    #[schema(required)]
    pub feedback: Option<Feedback>,
    pub reason: Option<String>,
}

#[derive(ToSchema)]
pub struct RestoreRequest {
    #[schema(minimum = 1)]
    pub version: i64,
    #[schema(rename = "ifVersion")]
    pub if_version: Option<i64>,
    pub actor: Option<String>,
    pub reason: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "UPPERCASE")]
pub enum Event {
    Add,
    Update,
    Restore,
}

#[derive(ToSchema)]
pub struct Change {
    pub field: String,
    pub from: Option<Value>,
    pub to: Option<Value>,
}

#[derive(ToSchema)]
pub struct Version {
    pub id: String,
    pub version: i64,
    pub event: Event,
    #[schema(nullable = false)]
    pub actor: Option<String>,
    #[schema(nullable = false)]
    pub reason: Option<String>,
    #[schema(nullable = false)]
    pub restored_from: Option<i64>,
    pub content: String,
    pub tags: Vec<String>,
    pub metadata: BTreeMap<String, Value>,
    pub sectors: Vec<Sector>,
    pub primary_sector: Sector,
    #[schema(nullable = false)]
    pub expires_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
    pub changes: Vec<Change>,
}

#[derive(ToSchema)]
pub struct Versions {
    /// Newest first
    pub versions: Vec<Version>,
}

#[derive(ToSchema)]
pub struct Waypoint {
    pub id: String,
    pub weight: f64,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(ToSchema)]
pub struct Waypoints {
    pub waypoints: Vec<Waypoint>,
}

#[derive(ToSchema)]
pub struct Sectors {
    pub sectors: Vec<Sector>,
}

/// Further fields may be added
#[derive(ToSchema)]
pub struct Stats {
    pub memories: i64,
}

#[derive(ToSchema)]
pub struct Done {
    pub ok: bool,
}

#[derive(ToSchema)]
pub struct Model {
    pub id: String,
    pub dimensions: i64,
}

#[derive(ToSchema)]
pub struct Reindexed {
    pub reindexed: i64,
    pub model: Model,
}

/// A refusal; `err` never changes for a kind of failure
#[derive(ToSchema)]
pub struct Refusal {
    /// `id`, `invalid`, `auth`, `forbidden`, `nf`, `conflict`, `immutable`, `limit`, `rate`, `unavailable` or `internal`
    pub err: String,
    pub code: String,
    pub message: String,
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// With `conflict`: the current version
    #[schema(nullable = false)]
    pub version: Option<i64>,
    #[schema(nullable = false)]
    pub details: Option<BTreeMap<String, Value>>,
}

#[derive(IntoResponses)]
pub enum Refusals {
    /// The id is missing, or a field is unknown or wrong
    #[response(status = 400)]
    Invalid(#[to_schema] Refusal),
    /// No key, or an unknown one
    #[response(status = 401)]
    Auth(#[to_schema] Refusal),
    /// The key or the page may not ask this
    #[response(status = 403)]
    Forbidden(#[to_schema] Refusal),
    /// There is no such memory or version
    #[response(status = 404)]
    NotFound(#[to_schema] Refusal),
    /// Another version is current, the id exists, or the memory is immutable
    #[response(status = 409)]
    Conflict(#[to_schema] Refusal),
    /// Another version is current than `If-Match` names
    #[response(status = 412)]
    Precondition(#[to_schema] Refusal),
    /// Over a limit
    #[response(status = 413)]
    Limit(#[to_schema] Refusal),
    /// Too many requests; `Retry-After` says how long to wait
    #[response(status = 429)]
    Rate(#[to_schema] Refusal),
    /// An internal fault
    #[response(status = 500)]
    Internal(#[to_schema] Refusal),
    /// Not now: the server ends, the store is in use elsewhere, or the request took too long
    #[response(status = 503)]
    Unavailable(#[to_schema] Refusal),
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct IdPath {
    /// A TypeID (`mem_…`), the UUID of the same bits, or an id that you brought
    pub id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct UserPath {
    pub user_id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatchHeader {
    /// The `ETag` that must still hold, else 412
    #[param(rename = "If-Match")]
    pub if_match: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// The memory must be this user's
    pub user_id: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GetQuery {
    /// The memory must be this user's
    pub user_id: Option<String>,
    /// As it was in this version
    pub version: Option<i64>,
    /// As it was at this time
    pub at: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AllQuery {
    /// At most so many, 1 to 10 000
    #[param(minimum = 1, maximum = 10_000, default = 100)]
    pub l: Option<i64>,
    /// Leave out so many
    pub u: Option<i64>,
    pub sector: Option<Sector>,
    pub user_id: Option<String>,
    /// The same as `l`
    pub limit: Option<i64>,
    /// `next_cursor` of the page before
    pub cursor: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    #[param(minimum = 1, maximum = 10_000, default = 100)]
    pub l: Option<i64>,
    pub u: Option<i64>,
    pub cursor: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<i64>,
    /// Only versions below this one
    pub before: Option<i64>,
}

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
pub struct WebhookPath {
    pub project: String,
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

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EntityQuery {
    pub user_id: Option<String>,
    pub agent_id: Option<String>,
    pub app_id: Option<String>,
    pub run_id: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Mem0PageQuery {
    #[param(minimum = 1)]
    pub page: Option<i64>,
    #[param(minimum = 1, maximum = 200)]
    pub page_size: Option<i64>,
}

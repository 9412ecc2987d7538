//! What is a memory, and what may be said of a new or changed one?

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

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
    /// From when salience falls. Where being found gives back less than was lost, it is earlier than that
    #[schema(format = DateTime, nullable = false)]
    pub last_seen_at: Option<String>,
    /// Per day
    #[schema(nullable = false)]
    pub decay_lambda: Option<f64>,
}

/// The memory that adding has led to
#[derive(ToSchema, Serialize)]
pub struct Added {
    #[serde(flatten)]
    pub memory: Memory,
    /// True where it had the text already
    #[schema(nullable = false)]
    pub existed: Option<bool>,
}

/// What becomes of a text that the same user, agent, app and run have already, characters composed alike and white
/// space around it aside: it is added all the same, the memory that is there is the answer, or it also gets the tags
/// it has not, the metadata and the expiry
#[derive(ToSchema, Serialize)]
#[schema(rename_all = "lowercase")]
pub enum IfExists {
    Add,
    Skip,
    Touch,
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
    /// Default: add
    #[schema(rename = "ifExists")]
    pub if_exists: Option<IfExists>,
    /// Taken from OpenMemory's clients; salience follows from the sectors
    pub salience: Option<f64>,
    /// Taken from OpenMemory's clients; decay follows from the sectors
    pub decay_lambda: Option<f64>,
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

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct IdPath {
    /// A TypeID (`mem_…`), the UUID of the same bits, or an id that you brought
    pub id: String,
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
pub struct DeleteQuery {
    /// The memory must be this user's
    pub user_id: Option<String>,
    /// As `If-Match`, answered 409
    #[param(rename = "ifVersion")]
    pub if_version: Option<i64>,
    /// Kept in what is left of the memory
    pub actor: Option<String>,
    /// Kept in what is left of the memory
    pub reason: Option<String>,
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

#[derive(ToSchema)]
pub struct DeletedOne {
    pub ok: bool,
    pub memory: Memory,
}

//! What is a memory, and how is one named?

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
#[schema(rename_all = "lowercase")]
pub enum Retired {
    Ended,
    Wrong,
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
    /// Since when it is true: a year, a month, a day or a time
    #[schema(nullable = false)]
    pub valid_from: Option<String>,
    /// Until when it is true
    #[schema(nullable = false)]
    pub valid_to: Option<String>,
    /// Whether it has ended or was wrong
    #[schema(nullable = false)]
    pub retired: Option<Retired>,
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

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct IdPath {
    /// A TypeID (`mem_…`), the UUID of the same bits, or an id of your own
    pub id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatchHeader {
    /// The `ETag` that must still hold, else 412
    #[param(rename = "If-Match")]
    pub if_match: Option<String>,
}

/// The memory as it last was
#[derive(ToSchema, Serialize)]
pub struct Deleted {
    #[serde(flatten)]
    pub memory: Memory,
    #[schema(format = DateTime)]
    pub deleted_at: String,
}

#[derive(ToSchema)]
pub struct DeletedOne {
    pub ok: bool,
    pub memory: Deleted,
}

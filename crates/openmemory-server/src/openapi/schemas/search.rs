//! What do searches take and answer?

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::memory::{Memory, Sector};

#[derive(ToSchema)]
pub struct Query {
    #[schema(min_length = 1, max_length = 8192)]
    pub query: String,
    #[schema(minimum = 1, maximum = 1000, default = 8)]
    pub limit: Option<i64>,
    /// The older name of `limit`
    #[schema(minimum = 1, maximum = 1000)]
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
    pub limit: Option<i64>,
    /// The older name of `limit`
    #[schema(minimum = 1, maximum = 1000)]
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
    /// What was searched for
    pub query: String,
    pub matches: Vec<Match>,
    /// Of `POST /memory/query`, where the query was longer: how many of its last characters were searched for
    #[schema(nullable = false)]
    pub query_cut: Option<i64>,
}

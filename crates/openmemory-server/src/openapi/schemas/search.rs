//! What do searches answer?

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::memory::Memory;

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

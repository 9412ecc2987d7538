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
    /// With `at`, `asOf` or `includeHistory`: whether this is the newest version
    #[schema(nullable = false)]
    pub current: Option<bool>,
    /// Until when this version was true, if it is not the newest
    #[schema(format = DateTime, nullable = false)]
    pub until: Option<String>,
    /// The newest version, if this is another
    #[schema(nullable = false)]
    pub now: Option<Now>,
    /// With `history`: the texts that were true before, newest first
    #[schema(nullable = false)]
    pub before: Option<Vec<EarlierText>>,
}

#[derive(ToSchema, Serialize)]
pub struct Now {
    pub version: i64,
    pub content: String,
}

#[derive(ToSchema, Serialize)]
pub struct EarlierText {
    pub content: String,
    pub version: i64,
    #[schema(nullable = false)]
    pub valid_from: Option<String>,
    #[schema(format = DateTime, nullable = false)]
    pub until: Option<String>,
    #[schema(format = DateTime)]
    pub replaced_at: String,
    #[schema(nullable = false)]
    pub reason: Option<String>,
}

#[derive(ToSchema)]
pub struct Faceted {
    /// The most frequent values first
    pub values: Vec<Facet>,
    /// How many distinct values there are, with those that are not listed
    pub distinct: i64,
}

#[derive(ToSchema)]
pub struct Facet {
    /// A text, a number or a boolean
    pub value: Value,
    pub count: i64,
}

#[derive(ToSchema)]
pub struct ContextBlock {
    /// The block, for a prompt; empty if no memory fits
    pub text: String,
    /// The memories in it, in the order of their lines
    pub memories: Vec<ContextMemory>,
    /// Tokens of the text, one for each three bytes
    pub tokens: i64,
    /// Memories that were found and do not fit
    pub omitted: i64,
}

#[derive(ToSchema, Serialize)]
pub struct ContextMemory {
    #[schema(inline)]
    #[serde(flatten)]
    pub found: Match,
    /// What the block says of it
    pub line: String,
    /// The line without the texts that were true before
    #[schema(nullable = false)]
    pub short_line: Option<String>,
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

//! What do batches take and answer?

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::memory::{Added, IfExists, NewMemory};

#[derive(ToSchema)]
pub struct AddBatch {
    #[schema(min_items = 1, max_items = 1000)]
    pub items: Vec<NewMemory>,
    /// All or nothing
    pub atomic: Option<bool>,
    /// For items that do not say it. Default: add
    #[schema(rename = "ifExists")]
    pub if_exists: Option<IfExists>,
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
    pub memory: Option<Added>,
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

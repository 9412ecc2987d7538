//! What do batches answer?

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::memory::{Added, Deleted, Memory};

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

#[derive(ToSchema, Serialize)]
#[schema(rename_all = "UPPERCASE")]
pub enum Effect {
    Add,
    Update,
    Restore,
    Retire,
    Delete,
    None,
}

/// The memory after an operation
#[derive(ToSchema, Serialize)]
pub struct Operated {
    #[serde(flatten)]
    pub memory: Memory,
    /// NONE where the text was there already
    pub event: Effect,
    #[schema(format = DateTime, nullable = false)]
    pub deleted_at: Option<String>,
    /// After a merge: the memories that it replaces, each with the version that retired it
    #[schema(nullable = false)]
    pub merged: Option<Vec<Merged>>,
}

#[derive(ToSchema, Serialize)]
pub struct Merged {
    pub id: String,
    pub version: u64,
}

#[derive(ToSchema, Serialize)]
pub struct OperationResult {
    pub ok: bool,
    #[schema(nullable = false)]
    pub id: Option<String>,
    #[schema(nullable = false)]
    pub memory: Option<Operated>,
    #[schema(nullable = false)]
    pub error: Option<ItemError>,
}

#[derive(ToSchema, Serialize)]
pub struct OperationResults {
    /// In the order of the operations
    pub results: Vec<OperationResult>,
}

#[derive(ToSchema, Serialize)]
pub struct DeletedResult {
    pub ok: bool,
    #[schema(nullable = false)]
    pub id: Option<String>,
    #[schema(nullable = false)]
    pub memory: Option<Deleted>,
    #[schema(nullable = false)]
    pub error: Option<ItemError>,
}

#[derive(ToSchema, Serialize)]
pub struct DeletedResults {
    /// In the order of the ids
    pub results: Vec<DeletedResult>,
}

#[derive(ToSchema, Serialize)]
pub struct Summary {
    pub deleted: i64,
    pub ids: Vec<String>,
}

#[derive(ToSchema, Serialize)]
#[serde(untagged)]
pub enum Deletion {
    Each(DeletedResults),
    Matching(Summary),
}

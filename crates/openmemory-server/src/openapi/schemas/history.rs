//! What does an answer say about earlier versions?

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

use super::memory::{Retired, Sector};

#[derive(ToSchema)]
#[schema(rename_all = "UPPERCASE")]
pub enum Event {
    Add,
    Update,
    Restore,
    Retire,
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
    /// Since when it is true: a year, a month, a day or a time
    #[schema(nullable = false)]
    pub valid_from: Option<String>,
    /// Until when it is true
    #[schema(nullable = false)]
    pub valid_to: Option<String>,
    /// Whether it has ended or was wrong
    #[schema(nullable = false)]
    pub retired: Option<Retired>,
    pub created_at: String,
    pub updated_at: String,
    pub changes: Vec<Change>,
}

#[derive(ToSchema)]
pub struct Versions {
    /// Newest first
    pub versions: Vec<Version>,
}

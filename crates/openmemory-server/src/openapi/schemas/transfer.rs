//! What do export, import and backup take and answer?

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::batch::ItemError;

#[derive(ToSchema)]
pub struct ExportRequest {
    pub filters: Option<BTreeMap<String, Value>>,
}

#[derive(ToSchema, Serialize)]
pub struct RefusedLine {
    pub line: i64,
    pub id: String,
    pub error: ItemError,
}

#[derive(ToSchema)]
pub struct Imported {
    pub imported: i64,
    /// Those that took the place of others
    pub replaced: i64,
    /// Those that the store had already, or keeps
    pub skipped: i64,
    /// Ids that are known as deleted from now on
    pub tombstones: i64,
    pub failed: i64,
    /// The first 1000 of those that failed
    pub errors: Vec<RefusedLine>,
}

#[derive(ToSchema)]
pub struct BackupRequest {
    #[schema(pattern = "^[a-z0-9_-]{1,64}$")]
    pub name: String,
}

#[derive(ToSchema)]
pub struct BackedUp {
    pub name: String,
    pub memories: i64,
    pub bytes: i64,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// The filter language, as JSON
    pub filters: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum OnConflict {
    Report,
    Skip,
    Replace,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// What becomes of a memory whose id the store has with another history
    #[param(rename = "onConflict", default = "report", inline)]
    pub on_conflict: Option<OnConflict>,
}

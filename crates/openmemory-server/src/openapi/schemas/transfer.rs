//! What do import and backup answer?

use serde::Serialize;
use utoipa::ToSchema;

use super::batch::ItemError;

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
pub struct BackedUp {
    pub name: String,
    pub memories: i64,
    pub bytes: i64,
}

//! What does a watch take and tell?

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::memory::Memory;

#[derive(ToSchema)]
pub struct WatchRequest {
    pub filters: Option<BTreeMap<String, Value>>,
    /// The cursor of a change, or a time; without it changes are told from now on
    pub since: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WatchQuery {
    /// The filter language, as JSON
    pub filters: Option<String>,
    /// The cursor of a change, or a time; without it changes are told from now on
    pub since: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct LastEventId {
    /// The id of the last event; counts before `since`
    #[param(rename = "Last-Event-ID")]
    pub last_event_id: Option<String>,
}

#[derive(ToSchema, Serialize)]
#[schema(rename_all = "UPPERCASE")]
pub enum Event {
    Add,
    Update,
    Restore,
    Delete,
}

#[derive(ToSchema)]
pub struct MemoryChange {
    pub event: Event,
    pub id: String,
    /// The version that the change made; of a `DELETE` the last one
    #[schema(minimum = 1)]
    pub version: i64,
    #[schema(format = DateTime)]
    pub at: String,
    /// As the change left it; none with `DELETE`
    #[schema(nullable = false)]
    pub memory: Option<Memory>,
    /// Watching since it goes on behind this change
    pub cursor: String,
}

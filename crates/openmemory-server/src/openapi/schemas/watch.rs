//! What does a watch tell, and from where on?

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::memory::Memory;

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct LastEventId {
    /// The id of the last event; counts before `since`
    #[param(rename = "Last-Event-ID")]
    pub last_event_id: Option<String>,
}

#[derive(ToSchema, Serialize)]
#[schema(rename_all = "UPPERCASE")]
pub enum ChangeEvent {
    Add,
    Update,
    Restore,
    Retire,
    Delete,
}

#[derive(ToSchema)]
pub struct MemoryChange {
    pub event: ChangeEvent,
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

//! What does a caller get of a list?

use openmemory_domain::Memory;
use serde::Serialize;

/// One page; `next_cursor` is there when there may be more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    pub memories: Vec<Memory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

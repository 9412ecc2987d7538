//! What does listing return?

use openmemory_domain::Memory;
use serde::Serialize;

/// One page of memories. `next_cursor` is present if there may be more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    pub memories: Vec<Memory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

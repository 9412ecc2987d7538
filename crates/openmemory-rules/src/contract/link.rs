//! What does a caller see of a link?

use serde::Serialize;

/// A link as a caller sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Link {
    /// The memory at the other end.
    pub id: String,
    /// 0 to 1.
    pub weight: f32,
    pub created_at: String,
    pub updated_at: String,
}

//! How is a link returned to a caller?

use serde::Serialize;

/// A link from one memory to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Link {
    /// The memory at the other end.
    pub id: String,
    /// 0 to 1.
    pub weight: f32,
    pub created_at: String,
    pub updated_at: String,
}

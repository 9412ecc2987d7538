//! What does a store keep of a link between two memories?

use openmemory_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// A link to a related memory. Both ends store it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waypoint {
    /// 0 to 1.
    pub weight: f32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

//! What marks a memory beside its versions?

use utoipa::ToSchema;

use super::memory::{Feedback, Memory};

#[derive(ToSchema)]
pub struct ReinforceRequest {
    pub id: String,
    /// Above 0, at most 1
    #[schema(default = 0.1)]
    pub boost: Option<f64>,
}

#[derive(ToSchema)]
pub struct Reinforced {
    pub ok: bool,
    pub memory: Memory,
}

#[derive(ToSchema)]
pub struct FeedbackBody {
    /// Null takes it back
    #[schema(required)]
    pub feedback: Option<Feedback>,
    pub reason: Option<String>,
}

#[derive(ToSchema)]
pub struct Waypoint {
    pub id: String,
    pub weight: f64,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(ToSchema)]
pub struct Waypoints {
    pub waypoints: Vec<Waypoint>,
}

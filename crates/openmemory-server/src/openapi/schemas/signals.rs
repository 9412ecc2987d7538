//! What marks a memory beside its versions?

use utoipa::ToSchema;

use super::memory::Memory;

#[derive(ToSchema)]
pub struct Reinforced {
    pub ok: bool,
    pub memory: Memory,
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

//! What is told of the store as a whole?

use utoipa::ToSchema;

use super::memory::Sector;

#[derive(ToSchema)]
pub struct Sectors {
    pub sectors: Vec<Sector>,
}

/// Further fields may be added
#[derive(ToSchema)]
pub struct Stats {
    pub memories: i64,
}

#[derive(ToSchema)]
pub struct Done {
    pub ok: bool,
}

#[derive(ToSchema)]
pub struct Model {
    pub id: String,
    pub dimensions: i64,
}

#[derive(ToSchema)]
pub struct Reindexed {
    pub reindexed: i64,
    pub model: Model,
}

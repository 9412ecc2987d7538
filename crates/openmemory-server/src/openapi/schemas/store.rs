//! What does an answer say about the whole store?

use std::collections::BTreeMap;

use utoipa::ToSchema;

use super::memory::Sector;

#[derive(ToSchema)]
pub struct Sectors {
    pub sectors: Vec<Sector>,
    /// By sector
    pub configs: BTreeMap<String, SectorConfig>,
    pub stats: Vec<SectorStats>,
}

#[derive(ToSchema)]
pub struct SectorConfig {
    /// Of salience, per day
    pub decay_lambda: f64,
}

#[derive(ToSchema)]
pub struct SectorStats {
    pub sector: Sector,
    /// Memories whose primary sector it is
    pub count: i64,
    /// 0 where there are none
    pub avg_salience: f64,
}

#[derive(ToSchema)]
pub struct Compacted {
    /// Of all files of the store
    pub bytes_before: i64,
    pub bytes_after: i64,
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

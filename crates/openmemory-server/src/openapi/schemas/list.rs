//! What do lists take and answer?

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::memory::{Memory, Sector};

#[derive(ToSchema)]
pub struct ListRequest {
    pub filters: Option<BTreeMap<String, Value>>,
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<i64>,
    pub cursor: Option<String>,
    /// `created_at:desc`, `created_at:asc`, `updated_at:desc` or `updated_at:asc`
    pub order: Option<String>,
    #[schema(rename = "showExpired")]
    pub show_expired: Option<bool>,
}

#[derive(ToSchema)]
pub struct Items {
    pub items: Vec<Memory>,
    /// Absent on the last page
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AllQuery {
    /// At most so many, 1 to 10 000
    #[param(minimum = 1, maximum = 10_000, default = 100)]
    pub l: Option<i64>,
    /// Leave out so many; a cursor is quicker, since these are passed over one by one
    pub u: Option<i64>,
    pub sector: Option<Sector>,
    pub user_id: Option<String>,
    /// The same as `l`
    pub limit: Option<i64>,
    /// `next_cursor` of the page before
    pub cursor: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    #[param(minimum = 1, maximum = 10_000, default = 100)]
    pub l: Option<i64>,
    pub u: Option<i64>,
    pub cursor: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct UserPath {
    pub user_id: String,
}

#[derive(ToSchema)]
pub struct UserDeleted {
    pub ok: bool,
    pub deleted: i64,
}

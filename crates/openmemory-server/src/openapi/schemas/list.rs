//! What do lists answer?

use utoipa::{IntoParams, ToSchema};

use super::memory::Memory;

#[derive(ToSchema)]
pub struct Items {
    pub items: Vec<Memory>,
    /// Absent on the last page
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
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

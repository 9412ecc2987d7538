//! What do OpenMemory's routes take and answer?
//!
//! | file | routes |
//! |---|---|
//! | `add` | `POST /memory/add`, `POST /memory/batch` |
//! | `one` | `GET`, `PATCH` and `DELETE /memory/{id}` |
//! | `update_many` | `PATCH /memory/batch` |
//! | `list` | `GET /memory/all`, `POST /memory/list` |
//! | `delete_many` | `POST /memory/delete` |
//! | `query` | `POST /memory/query`, `POST /memory/search` |
//! | `past` | history and restoring |
//! | `marks` | reinforcement, feedback, links |
//! | `users` | `/users/{user_id}/memories` |
//! | `store` | the store as a whole |
//! | `transfer` | `GET` and `POST /export`, `POST /import`, `POST /backup` |
//! | `watch` | `GET` and `POST /watch` |
//! | `record` | how is a memory written? |
//! | `missing` | what do paths without an id answer? |

mod add;
mod delete_many;
mod history;
mod list;
mod memory;
mod missing;
mod query;
mod record;
mod signals;
mod store;
mod transfer;
mod update_many;
mod users;
mod watch;

pub use missing::missing_ids;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app_state::AppState;

pub fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(add::add))
        .routes(routes!(add::add_many, update_many::update_many))
        .routes(routes!(memory::get, memory::update, memory::delete))
        .routes(routes!(list::all))
        .routes(routes!(list::list))
        .routes(routes!(delete_many::delete_many))
        .routes(routes!(query::query))
        .routes(routes!(query::search))
        .routes(routes!(history::history))
        .routes(routes!(history::restore))
        .routes(routes!(signals::reinforce))
        .routes(routes!(signals::feedback))
        .routes(routes!(signals::waypoints))
        .routes(routes!(users::list, users::delete))
        .routes(routes!(store::sectors))
        .routes(routes!(store::stats))
        .routes(routes!(store::ready))
        .routes(routes!(store::flush))
        .routes(routes!(store::compact))
        .routes(routes!(store::reindex))
        .routes(routes!(transfer::export, transfer::export_some))
        .routes(routes!(transfer::import))
        .routes(routes!(transfer::backup))
        .routes(routes!(watch::watch, watch::watch_some))
        .routes(routes!(store::metrics))
}

//! What do Mem0's routes take and answer? What its official clients send, and what they can read.
//!
//! | file | question |
//! |---|---|
//! | `add` | how are messages stored as they are? |
//! | `list`, `search` | which memories are there, and which answer a question? |
//! | `one` | how is one memory read, changed and deleted? |
//! | `many` | how are many? |
//! | `entities` | which users, agents, apps and runs are there? |
//! | `feedback` | how useful was a memory? |
//! | `account` | what do clients ask before anything else? |
//! | `refused` | what needs a language model, and is refused? |
//! | `filters` | what do Mem0's filters mean here? |
//! | `fields` | how is a body read whose other fields do not matter? |
//! | `record` | how is a memory written? |
//! | `reword` | how is a refusal written? |

mod account;
mod add;
mod entities;
mod feedback;
mod fields;
mod filters;
mod list;
mod many;
mod one;
mod record;
mod refused;
mod reword;
mod search;

pub use reword::reword;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(account::ping))
        .routes(routes!(account::project, refused::update_project))
        .routes(routes!(add::add))
        .routes(routes!(list::list))
        .routes(routes!(list::list_v2))
        .routes(routes!(list::list_v1, add::add_v1, many::delete_all))
        .routes(routes!(search::search))
        .routes(routes!(search::search_v2))
        .routes(routes!(search::search_v1))
        .routes(routes!(one::get, one::update, one::delete))
        .routes(routes!(one::history))
        .routes(routes!(many::update, many::delete))
        .routes(routes!(feedback::feedback))
        .routes(routes!(entities::list))
        .routes(routes!(entities::delete))
        .routes(routes!(entities::delete_v1))
        .routes(routes!(refused::exports))
        .routes(routes!(refused::export))
        .routes(routes!(refused::summary))
        .routes(routes!(refused::webhooks, refused::create_webhook))
        .routes(routes!(refused::jobs))
        .routes(routes!(account::profile))
        .routes(routes!(account::profile_settings, refused::profile_settings))
}

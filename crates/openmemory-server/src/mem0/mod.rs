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
//! | `format_error` | how is a refusal written? |

mod account;
mod add;
mod batch;
mod entities;
mod error_format;
mod feedback;
mod fields;
mod filters;
mod list;
mod memory;
mod record;
mod search;
mod unsupported;

pub use error_format::format_error;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app_state::AppState;

pub fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(account::ping))
        .routes(routes!(account::project, unsupported::update_project))
        .routes(routes!(add::add))
        .routes(routes!(list::list))
        .routes(routes!(list::list_v2))
        .routes(routes!(list::list_v1, add::add_v1, batch::delete_all))
        .routes(routes!(search::search))
        .routes(routes!(search::search_v2))
        .routes(routes!(search::search_v1))
        .routes(routes!(memory::get, memory::update, memory::delete))
        .routes(routes!(memory::history))
        .routes(routes!(batch::update, batch::delete))
        .routes(routes!(feedback::feedback))
        .routes(routes!(entities::list))
        .routes(routes!(entities::delete))
        .routes(routes!(entities::delete_v1))
        .routes(routes!(unsupported::exports))
        .routes(routes!(unsupported::export))
        .routes(routes!(unsupported::summary))
        .routes(routes!(unsupported::webhooks, unsupported::create_webhook))
        .routes(routes!(unsupported::jobs))
        .routes(routes!(account::profile))
        .routes(routes!(account::profile_settings, unsupported::profile_settings))
}

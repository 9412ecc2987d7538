//! Which handler serves which route of Mem0's protocol?

use super::account;
use super::add;
use super::batch;
use super::entities;
use super::events;
use super::feedback;
use super::list;
use super::memory;
use super::project;
use super::search;
use super::self_hosted;
use super::unsupported;
use super::webhooks;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app_state::AppState;

pub fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(account::ping))
        .routes(routes!(project::project, project::update_project))
        .routes(routes!(add::add))
        .routes(routes!(events::event))
        .routes(routes!(events::events))
        .routes(routes!(list::list))
        .routes(routes!(list::list_v2))
        .routes(routes!(list::list_v1, add::add_v1, batch::delete_all))
        .routes(routes!(search::search))
        .routes(routes!(search::search_v2))
        .routes(routes!(search::search_v1))
        .routes(routes!(memory::get, memory::update, memory::delete))
        .routes(routes!(memory::history))
        .routes(routes!(batch::update, batch::delete))
        .routes(routes!(self_hosted::add, self_hosted::list, self_hosted::delete_all))
        .routes(routes!(self_hosted::search))
        .routes(routes!(self_hosted::get, self_hosted::update, self_hosted::delete))
        .routes(routes!(self_hosted::history))
        .routes(routes!(self_hosted::reset))
        .routes(routes!(self_hosted::configure))
        .routes(routes!(feedback::feedback))
        .routes(routes!(entities::list))
        .routes(routes!(entities::delete))
        .routes(routes!(entities::delete_v1))
        .routes(routes!(unsupported::exports))
        .routes(routes!(unsupported::export))
        .routes(routes!(unsupported::summary))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::update, webhooks::delete))
        .routes(routes!(unsupported::jobs))
        .routes(routes!(account::profile))
        .routes(routes!(account::profile_settings, unsupported::profile_settings))
}

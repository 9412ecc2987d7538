//! Which handler serves which route of OpenMemory's protocol?

use super::add;
use super::again;
use super::context;
use super::delete_many;
use super::facets;
use super::history;
use super::learn;
use super::list;
use super::memory;
use super::operations;
use super::query;
use super::signals;
use super::store;
use super::touch;
use super::transfer;
use super::update_many;
use super::users;
use super::watch;

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
        .routes(routes!(operations::apply))
        .routes(routes!(learn::learn))
        .routes(routes!(again::consolidate))
        .routes(routes!(again::relearn))
        .routes(routes!(learn::list))
        .routes(routes!(learn::get))
        .routes(routes!(learn::decide))
        .routes(routes!(learn::undo))
        .routes(routes!(learn::sources))
        .routes(routes!(learn::messages, learn::delete_messages))
        .routes(routes!(query::query))
        .routes(routes!(query::search))
        .routes(routes!(context::context))
        .routes(routes!(facets::facets))
        .routes(routes!(touch::touch))
        .routes(routes!(history::history))
        .routes(routes!(history::restore))
        .routes(routes!(history::retire))
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

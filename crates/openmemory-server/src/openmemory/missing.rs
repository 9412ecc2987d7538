//! What do paths without an id return? `{"err":"id"}`, as OpenMemory's documentation specifies.

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, delete, get, patch, post};
use openmemory_domain::Invalid;

use crate::app_state::AppState;
use crate::http::ApiError;

pub fn missing_ids() -> Router<Arc<AppState>> {
    let missing = || async { ApiError::from(Invalid::missing_id("id")) };
    let mut router = Router::new();
    for path in ["/memory", "/memory/"] {
        router = router.route(path, get(missing).merge(patch(missing)).merge(delete(missing)));
    }
    router
        .route("/memory//history", get(missing))
        .route("/memory//waypoints", get(missing))
        .route("/memory//restore", post(missing))
        .route("/memory//retire", post(missing))
        .route("/memory//feedback", post(missing))
        .route("/users//memories", any(missing))
}

//! How long may a request take? Up to the configured timeout; a write in progress may still be applied after it.
//! Operations on a whole store and calls that learn have no timeout, and end when the client disconnects.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::ApiError;
use crate::app_state::AppState;

/// A language model has deadlines of its own.
const UNLIMITED: [&str; 8] = [
    "/export",
    "/import",
    "/backup",
    "/reindex",
    "/compact",
    "/memory/learn",
    "/memory/consolidate",
    "/memory/relearn",
];

pub async fn limit_time(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    if UNLIMITED.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    match timeout(app.limits.timeout(), next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::TimedOut.into_response(),
    }
}

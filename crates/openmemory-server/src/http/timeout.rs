//! How long may a request take? Up to the configured timeout; a write in progress may still be applied after it.
//! Operations on a whole store have no timeout, and end when the client disconnects.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::ApiError;
use crate::app_state::AppState;

const WHOLE_STORE: [&str; 5] = ["/export", "/import", "/backup", "/reindex", "/compact"];

pub async fn limit_time(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    if WHOLE_STORE.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    match timeout(app.limits.timeout(), next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::TimedOut.into_response(),
    }
}

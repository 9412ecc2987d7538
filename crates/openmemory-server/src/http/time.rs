//! How long may a request take? Until the limit; what it has begun to write may still be applied.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::Failure;
use crate::app::App;

pub async fn limit_time(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match timeout(app.limits.timeout(), next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::TimedOut.into_response(),
    }
}

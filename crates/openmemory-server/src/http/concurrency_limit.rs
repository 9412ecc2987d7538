//! Is there room for a request? Each key has its share of what the server works on at once. What tells whether the
//! server is well needs no place, and what streams has places of its own kind.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::ApiError;
use super::held::until_sent;
use crate::app_state::AppState;
use crate::config::Limits;
use crate::connections::Connection;
use crate::http::Quota;
use crate::keys::Caller;

/// What is limited for each tenant and for the server.
pub struct ConcurrencyLimit {
    /// Requests that have been let in: those that are worked on, those that wait, and those that stream. Fewer than
    /// there are connections, so that there is always one that can be ended for a new one.
    pub admitted: Quota,
    /// Requests that are worked on.
    pub requests: Quota,
    pub exports: Quota,
    pub imports: Quota,
    pub watches: Quota,
    /// KiB of bodies that are held in memory.
    pub bodies: Quota,
}

impl ConcurrencyLimit {
    pub fn new(limits: &Limits) -> Self {
        Self {
            admitted: Quota::new(limits.connections / 4 * 3),
            requests: Quota::new(limits.requests),
            exports: Quota::new(limits.exports),
            imports: Quota::new(limits.imports),
            watches: Quota::new(limits.watches),
            bodies: Quota::new(limits.bodies_bytes >> 10),
        }
    }
}

/// What answers however much there is to do.
fn tells_health(request: &Request) -> bool {
    matches!(request.uri().path(), "/ready" | "/metrics")
}

/// Lets a request in, or refuses it where its tenant has too many already.
pub async fn admit(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    let Some(caller) = request.extensions().get::<Caller>().filter(|_| !tells_health(&request)) else {
        return next.run(request).await;
    };
    let Some(permit) = app.places.admitted.try_acquire(caller) else { return ApiError::Busy.into_response() };
    let in_use = match request.extensions().get::<Arc<Connection>>().map(|connection| connection.in_use()) {
        Some(None) => return ApiError::Busy.into_response(),
        in_use => in_use,
    };
    let response = next.run(request).await;
    until_sent(response, (permit, in_use))
}

/// Waits until few enough requests are worked on. Nothing is waited for in a place but work and the answer's reader.
pub async fn limit_concurrency(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    let streams = matches!(request.uri().path(), "/export" | "/import" | "/watch");
    let caller = request.extensions().get::<Caller>().filter(|_| !streams && !tells_health(&request));
    let Some(caller) = caller else { return next.run(request).await };
    let place = app.places.requests.acquire(caller, 1).await;
    until_sent(next.run(request).await, place)
}

//! How many requests run at once? Each tenant has its share of the server's permits. Health checks need no permit, and
//! streaming routes have quotas of their own.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::ApiError;
use super::guarded_body::hold_until_sent;
use crate::app_state::AppState;
use crate::config::Limits;
use crate::connections::Connection;
use crate::http::Quota;
use crate::keys::Caller;

/// The quotas of the server, each shared among tenants.
pub struct ConcurrencyLimit {
    /// Admitted requests: running, waiting or streaming. Fewer than there are connections, so that an idle connection
    /// can always be evicted for a new one.
    pub admitted: Quota,
    /// Running requests.
    pub requests: Quota,
    pub exports: Quota,
    pub imports: Quota,
    pub watches: Quota,
    /// KiB of request bodies in memory.
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

/// Whether the route must answer under any load.
fn is_health_check(request: &Request) -> bool {
    matches!(request.uri().path(), "/ready" | "/metrics")
}

/// Admits a request, or rejects it if its tenant has reached its limit.
pub async fn admit(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    let Some(caller) = request.extensions().get::<Caller>().filter(|_| !is_health_check(&request)) else {
        return next.run(request).await;
    };
    let Some(permit) = app.permits.admitted.try_acquire(caller) else { return ApiError::Busy.into_response() };
    let in_use = match request.extensions().get::<Arc<Connection>>().map(|connection| connection.in_use()) {
        Some(None) => return ApiError::Busy.into_response(),
        in_use => in_use,
    };
    let response = next.run(request).await;
    hold_until_sent(response, (permit, in_use))
}

/// Waits for a permit to run. The permit is held only for the work and for sending the response.
pub async fn limit_concurrency(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    // These wait for requests of their own, which need permits.
    const ASK_THEMSELVES: [&str; 4] = ["/mcp", "/memory/consolidate", "/memory/relearn", "/v1/feedback"];
    let path = request.uri().path();
    let streams = matches!(path, "/export" | "/import" | "/watch") || ASK_THEMSELVES.contains(&path);
    let caller = request.extensions().get::<Caller>().filter(|_| !streams && !is_health_check(&request));
    let Some(caller) = caller else { return next.run(request).await };
    let permit = app.permits.requests.acquire(caller, 1).await;
    hold_until_sent(next.run(request).await, permit)
}

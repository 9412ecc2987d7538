//! Who sent the request? The key identifies the tenant. A server without keys serves only this machine, as the default
//! tenant.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Span;

use super::ApiError;
use crate::app_state::AppState;
use crate::keys::{Caller, Role};
use crate::tenant::Tenant;

pub async fn identify(State(app): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    let caller = match caller(&app, request.headers()) {
        Ok(caller) => caller,
        Err(failure) => return failure.into_response(),
    };
    let wants_metrics = request.uri().path() == "/metrics";
    let forbidden = match caller.role {
        Role::Metrics => (!wants_metrics).then_some("this key can only read /metrics"),
        Role::Tenant => (wants_metrics && app.keys.required()).then_some("/metrics requires a metrics key"),
    };
    if let Some(why) = forbidden {
        return ApiError::Forbidden(why).into_response();
    }
    Span::current().record("tenant", caller.tenant.as_str()).record("key", caller.key.as_str());
    request.extensions_mut().insert(caller);
    next.run(request).await
}

impl Caller {
    /// The key id of requests to a server without keys.
    pub const WITHOUT_KEY: &'static str = "none";

    pub fn has_key(&self) -> bool {
        self.key != Self::WITHOUT_KEY
    }
}

/// The caller that these headers identify, according to the current keys.
pub fn caller(app: &AppState, headers: &HeaderMap) -> Result<Caller, ApiError> {
    if !app.keys.required() {
        // A server that others can reach does not start without keys. If it did, it must still reject the request.
        let caller = Caller { tenant: Tenant::default_tenant(), key: Caller::WITHOUT_KEY.into(), role: Role::Tenant };
        return if app.loopback { Ok(caller) } else { Err(ApiError::Unauthorized) };
    }
    presented_key(headers).and_then(|key| app.keys.caller(key)).ok_or(ApiError::Unauthorized)
}

/// As the client sent it.
pub fn presented_key(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = headers.get("x-api-key") {
        return key.to_str().ok();
    }
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    known.then(|| key.trim())
}

//! Whose request is it? Known by its key, or, where there are no keys and only this machine can ask, its own.

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
    let refused = match caller.role {
        Role::Metrics => (!wants_metrics).then_some("this key may read /metrics only"),
        Role::Tenant => (wants_metrics && app.keys.required()).then_some("/metrics needs a key made for metrics"),
    };
    if let Some(why) = refused {
        return ApiError::Forbidden(why).into_response();
    }
    Span::current().record("tenant", caller.tenant.as_str()).record("key", caller.key.as_str());
    request.extensions_mut().insert(caller);
    next.run(request).await
}

impl Caller {
    /// Names the key of whoever asks a server without keys.
    pub const WITHOUT_KEY: &'static str = "none";

    pub fn has_key(&self) -> bool {
        self.key != Self::WITHOUT_KEY
    }
}

/// Who asks with these headers, by the keys of this moment.
pub fn caller(app: &AppState, headers: &HeaderMap) -> Result<Caller, ApiError> {
    if !app.keys.required() {
        // Whoever made the server reachable by others without a key must not have got this far.
        let own = Caller { tenant: Tenant::own(), key: Caller::WITHOUT_KEY.into(), role: Role::Tenant };
        return if app.loopback { Ok(own) } else { Err(ApiError::Unauthorized) };
    }
    presented(headers).and_then(|key| app.keys.caller(key)).ok_or(ApiError::Unauthorized)
}

fn presented(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = headers.get("x-api-key") {
        return key.to_str().ok();
    }
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    known.then(|| key.trim())
}

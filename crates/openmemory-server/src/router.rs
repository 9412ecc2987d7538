//! Which layers does a request pass, and which routes exist?

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, Method, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa_axum::router::OpenApiRouter;

use crate::app_state::AppState;
use crate::http::{
    ApiError, admit, buffer, guard_origin, idempotent, identify, is_local, limit_concurrency, limit_rate, limit_time,
    observe,
};
use crate::studio::Files;
use crate::{mcp, mem0, openapi, openmemory, studio};

pub fn router(app: &Arc<AppState>, studio: Option<Files>) -> Router {
    let (routes, document) = described().split_for_parts();
    let layer = |router: Router<Arc<AppState>>| {
        // The last layer runs first: a request with a wrong key reserves nothing, and a request holds no permit to run
        // before its body has arrived.
        router
            .layer(from_fn_with_state(Arc::clone(app), limit_concurrency))
            .layer(from_fn_with_state(Arc::clone(app), idempotent))
            .layer(from_fn_with_state(Arc::clone(app), buffer))
            .layer(from_fn_with_state(Arc::clone(app), admit))
            .layer(from_fn_with_state(Arc::clone(app), limit_rate))
            .layer(from_fn_with_state(Arc::clone(app), identify))
    };
    Router::new()
        .merge(layer(routes))
        .merge(layer(openmemory::missing_ids()))
        .merge(layer(mcp::routes()))
        .merge(openapi::routes(&document))
        .merge(match studio {
            Some(files) => studio::routes(files),
            None => openapi::page(&document),
        })
        .fallback(|| async { ApiError::NoRoute })
        .method_not_allowed_fallback(|| async { ApiError::NoMethod })
        .layer(from_fn_with_state(Arc::clone(app), limit_time))
        .layer(CatchPanicLayer::custom(|_| ApiError::Panicked.into_response()))
        .layer(from_fn(mem0::format_error))
        .layer(from_fn_with_state(Arc::clone(app), guard_origin))
        .layer(cors(app))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(Arc::clone(app), observe))
        .with_state(Arc::clone(app))
}

/// All routes with their OpenAPI descriptions.
pub fn described() -> OpenApiRouter<Arc<AppState>> {
    openapi::document().merge(openmemory::routes()).merge(mem0::routes())
}

/// With keys, pages of any origin may send requests. Without keys, only pages of this machine may.
fn cors(app: &Arc<AppState>) -> CorsLayer {
    let app = Arc::clone(app);
    let allowed = move |origin: &axum::http::HeaderValue, _: &_| {
        app.keys.required() || is_local(origin.to_str().unwrap_or_default())
    };
    let read = [
        "etag",
        "retry-after",
        "mcp-session-id",
        "x-request-id",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "openmemory-query-cut",
        "openmemory-left-out",
    ];
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            HeaderName::from_static("x-api-key"),
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("prefer"),
            HeaderName::from_static("x-request-id"),
            HeaderName::from_static("mcp-protocol-version"),
            HeaderName::from_static("mcp-session-id"),
            HeaderName::from_static("mcp-method"),
            HeaderName::from_static("mcp-name"),
        ])
        .expose_headers(read.map(HeaderName::from_static))
}

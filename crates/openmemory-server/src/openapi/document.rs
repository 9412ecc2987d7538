//! The OpenAPI document, and the routes that serve it.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::response::Html;
use axum::routing::get;
use openmemory_domain::ErrorCode;
use serde_json::{Value, json};
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use super::page::page as html;
use crate::app_state::AppState;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "OpenMemory",
        description = "Long-term memory for AI agents. Mem0's paths are also taken with a slash at their end.",
        license(name = "Apache-2.0")
    ),
    servers((url = "/")),
    modifiers(&Keys, &ErrorCodes),
    security((), ("key" = []), ("bearer" = []))
)]
struct Described;

struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key"))));
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

struct ErrorCodes;

impl Modify for ErrorCodes {
    fn modify(&self, document: &mut Document) {
        let row = |code: ErrorCode| json!({ "code": code, "status": code.status(), "err": code.err(), "retryable": code.retryable() });
        let codes: Value = ErrorCode::ALL.into_iter().map(row).collect();
        document.extensions = Some(Extensions::from_iter([("x-error-codes", codes)]));
    }
}

pub fn document() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::with_openapi(Described::openapi())
}

/// The routes that anybody may ask.
pub fn routes(document: &Document) -> Router<Arc<AppState>> {
    // Shared by all answers: anybody may ask for them, and then not read them.
    let text = Bytes::from(serde_json::to_string(document).unwrap_or_default());
    let json_text = [(header::CONTENT_TYPE, "application/json")];
    let health = json!({ "ok": true, "version": env!("CARGO_PKG_VERSION") });
    Router::new()
        .route("/health", get(move || async move { axum::Json(health) }))
        .route("/openapi.json", get(move || async move { (json_text, text) }))
}

/// The page of a server without the studio.
pub fn page(document: &Document) -> Router<Arc<AppState>> {
    let page = Bytes::from(html(document));
    Router::new().route("/docs", get(move || async move { Html(page) }))
}

//! How are errors formatted? So that both official clients raise the right exception with the message.

use axum::Json;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use openmemory_domain::ErrorCode;
use serde_json::json;

use crate::http::ErrorBody;

pub async fn format_error(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_mem0 = ["/v1/", "/v2/", "/v3/", "/api/", "/memories/"].iter().any(|mem0| path.starts_with(mem0))
        || ["/memories", "/search", "/reset", "/configure"].contains(&path);
    let response = next.run(request).await;
    match response.extensions().get::<ErrorBody>().cloned() {
        Some(error) if is_mem0 => reformat(response, &error),
        _ => response,
    }
}

fn reformat(response: Response, error: &ErrorBody) -> Response {
    let (mut parts, _) = response.into_parts();
    // The clients treat 413 as an exceeded quota, so a field over a limit is 400.
    if error.code == ErrorCode::LimitExceeded && error.field.as_deref() != Some("body") {
        parts.status = StatusCode::BAD_REQUEST;
    }
    let body = json!({
        "detail": error.message,
        "error": error.message,
        "code": error.code,
        "field": error.field,
        "details": error.details,
        "retryable": error.retryable,
    });
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    let mut formatted = (parts.status, Json(body)).into_response();
    formatted.headers_mut().extend(parts.headers);
    *formatted.extensions_mut() = parts.extensions;
    formatted
}

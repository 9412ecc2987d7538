//! How is a refusal written? So that both clients find their exception and the message in it.

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
    let theirs = ["/v1/", "/v2/", "/v3/", "/api/"].iter().any(|mem0| path.starts_with(mem0));
    let response = next.run(request).await;
    match response.extensions().get::<ErrorBody>().cloned() {
        Some(told) if theirs => reworded(response, &told),
        _ => response,
    }
}

fn reworded(response: Response, told: &ErrorBody) -> Response {
    let (mut parts, _) = response.into_parts();
    // To these clients 413 means a quota; a value over a limit is one that is wrong.
    if told.code == ErrorCode::LimitExceeded && told.field.as_deref() != Some("body") {
        parts.status = StatusCode::BAD_REQUEST;
    }
    let body = json!({
        "detail": told.message,
        "error": told.message,
        "code": told.code,
        "field": told.field,
        "details": told.details,
        "retryable": told.retryable,
    });
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    let mut reworded = (parts.status, Json(body)).into_response();
    reworded.headers_mut().extend(parts.headers);
    *reworded.extensions_mut() = parts.extensions;
    reworded
}

//! Is the body whole, small enough, and JSON? It is read before anything else is done.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use tokio::time::timeout;

use super::Failure;
use crate::app::App;

/// Reads the body, so that handlers find it in memory. One that says it is too long is not read.
pub async fn buffer(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let limit = if takes_many(&request) { app.limits.batch_bytes } else { app.limits.body_bytes };
    let (parts, body) = request.into_parts();
    let told = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|length| length > limit) {
        return Failure::TooLarge(limit).into_response();
    }
    match timeout(app.limits.receive(), Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, body.to_bytes().into())).await,
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Failure::TooLarge(limit).into_response(),
        Ok(Err(_)) => Failure::invalid("body", "ended too early").into_response(),
        Err(_) => Failure::TimedOut.into_response(),
    }
}

fn takes_many(request: &Request) -> bool {
    let path = request.uri().path();
    *request.method() != Method::GET && (path.ends_with("/batch") || path == "/memory/delete" || path.starts_with("/v"))
}

/// The body as JSON.
pub struct Body(pub Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = Bytes::from_request(request, state).await.map_err(|_| Failure::invalid("body", "ended too early"))?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Failure::invalid("body", "is missing; send a JSON object"));
        }
        let read = serde_json::from_slice(&bytes);
        // The parser's message names the place in the text, and nothing of ours.
        read.map(Self).map_err(|error| Failure::invalid("body", &format!("is not JSON: {error}")))
    }
}

//! Which route carries messages, and which headers do they need?

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use openmemory_domain::request::{Property, USER_ID};
use tokio::sync::mpsc;

use super::call::{McpFailure, McpRequest, McpResponse};
use super::event_stream::{EVENTS, event_stream};
use crate::app_state::AppState;
use crate::http::{ApiError, Parameters, Query};

const HEADERS: [&str; 7] =
    ["authorization", "x-api-key", "accept", "mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id"];

/// The parameters of `/mcp`.
struct Pinned;

impl Parameters for Pinned {
    const PROPERTIES: &[Property] = &[Property { name: "user", ..USER_ID }];
}

/// `POST /mcp`. Nothing is sent unasked, so there is no stream to `GET`, and no session to `DELETE`. An answer is an event
/// stream if something comes before it.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/mcp", post(answer).fallback(only_post))
}

async fn only_post() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response()
}

async fn answer(
    State(app): State<Arc<AppState>>,
    headers: HeaderMap,
    mut query: Query<Pinned>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Some(call) = &app.mcp else { return Err(ApiError::NoRoute) };
    let body = String::from_utf8(body.into()).map_err(|_| ApiError::invalid("body", "is not UTF-8"))?;
    let known = HEADERS.into_iter().filter_map(|name| Some((name, headers.get(name)?.to_str().ok()?.to_owned())));
    let request = McpRequest { headers: known.collect(), user: query.text("user"), body };
    // A user that was lost on the way must not mean all users.
    if request.user.as_deref() == Some("") {
        return Err(ApiError::invalid("user", "must not be empty; leave it out to mean all users"));
    }
    let (events, mut received) = mpsc::channel(EVENTS);
    let mut answer = call(request, events);
    let answered = tokio::select! {
        biased;
        answered = &mut answer => answered,
        Some(first) = received.recv() => return Ok(event_stream(first, received, answer)),
    };
    let McpResponse { status, headers, body } = answered.map_err(|McpFailure| ApiError::Panicked)?;
    let status = StatusCode::from_u16(status).map_err(|_| ApiError::Panicked)?;
    let headers = headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::try_from(value.as_str()).ok()?))
    });
    Ok((status, headers.collect::<HeaderMap>(), body.unwrap_or_default()).into_response())
}

//! Does a client want the answer before the work, and how is it told that it gets it?

use axum::Json;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// As RFC 7240 has it: one of several preferences, each perhaps with parameters.
pub fn prefers_async(headers: &HeaderMap) -> bool {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split(','));
    preferences.any(|one| one.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("respond-async")))
}

/// The answer that comes first, and where the outcome will be.
pub fn answered_first(place: String, answer: impl Serialize) -> Response {
    let headers = [(LOCATION, place), (APPLIED, "respond-async".into())];
    (StatusCode::ACCEPTED, headers, Json(answer)).into_response()
}

//! May a web page or a rebound host name access a server without keys? No, because any page that a user opens could
//! then read all memories. Requests must also name exactly one host.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Uri, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::ApiError;
use crate::app_state::AppState;

pub async fn guard_origin(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    // RFC 9112, section 3.2. A proxy and a server could choose different ones of two hosts.
    if second.is_some() || (host.is_none() && request.version() >= Version::HTTP_11) {
        return ApiError::invalid("Host", "must be present exactly once").into_response();
    }
    if !app.keys.required() {
        let local = |value: &HeaderValue| is_local(value.to_str().unwrap_or_default());
        let origin = request.headers().get_all(header::ORIGIN).iter().all(local);
        // The authority of an absolute URI takes precedence over `Host`.
        let authority = request.uri().authority().is_none_or(|authority| is_local(authority.as_str()));
        if !(host.is_none_or(local) && authority && origin) {
            let why =
                "a server without keys accepts requests from this machine only; start it with keys to allow others";
            return ApiError::Forbidden(why).into_response();
        }
    }
    next.run(request).await
}

/// Whether a `Host` or `Origin` refers to this machine.
pub fn is_local(value: &str) -> bool {
    let authority = value.split_once("://").map_or(value, |(_, rest)| rest);
    let Ok(uri) = authority.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

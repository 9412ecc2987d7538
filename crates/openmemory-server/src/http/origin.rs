//! May a web page or a renamed host ask a server without keys? No: any page that its user opens could read everything. And does a
//! request say clearly which host it means?

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
    // RFC 9112, 3.2: which of two is meant, proxies and servers may see differently.
    if second.is_some() || (host.is_none() && request.version() >= Version::HTTP_11) {
        return ApiError::invalid("Host", "must be there once").into_response();
    }
    if !app.keys.required() {
        let local = |value: &HeaderValue| is_local(value.to_str().unwrap_or_default());
        let origin = request.headers().get_all(header::ORIGIN).iter().all(local);
        // Goes before `Host`, where it is given.
        let named = request.uri().authority().is_none_or(|authority| is_local(authority.as_str()));
        if !(host.is_none_or(local) && named && origin) {
            let why = "without keys only this machine may ask; start the server with keys for anything else";
            return ApiError::Forbidden(why).into_response();
        }
    }
    next.run(request).await
}

/// Whether a `Host` or `Origin` means this machine.
pub fn is_local(named: &str) -> bool {
    let authority = named.split_once("://").map_or(named, |(_, rest)| rest);
    let Ok(uri) = authority.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

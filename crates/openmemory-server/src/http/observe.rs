//! What is known of each request? A span around it, an event at its end, a count, and an id that the answer and all events
//! share. Never a key, an address with its parameters, or a text.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::field::Empty;
use tracing::{Instrument, Span, error, info, info_span};

use super::ErrorBody;
use crate::app_state::AppState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub async fn observe(State(app): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let _in_flight = app.metrics.begin();
    let id = request_id(&request);
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let span = if app.log { request_span(method, &route, &id) } else { Span::none() };
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = began.elapsed();
    app.metrics.answered(method, &route, response.status().as_u16(), took);
    if app.log {
        span.in_scope(|| answered(&response, took));
    }
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// Around everything that is done for a request; whoever finds out whose it is records the tenant and the key's id.
fn request_span(method: &str, route: &str, id: &HeaderValue) -> Span {
    let request_id = id.to_str().unwrap_or_default();
    info_span!("request", method, route, request_id, tenant = Empty, key = Empty)
}

fn answered(response: &Response, took: Duration) {
    let status = response.status().as_u16();
    let ms = (took.as_secs_f64() * 1e4).round() / 10.0;
    let told = response.extensions().get::<ErrorBody>();
    let code = told.map(|told| told.code.as_str());
    let error = told.and_then(|told| told.hidden.as_deref());
    if status >= 500 {
        error!(status, ms, code, error, "request");
    } else {
        info!(status, ms, code, error, "request");
    }
}

/// Logs what went wrong after the answer had begun.
pub fn note(told: &ErrorBody) {
    if let Some(hidden) = told.hidden.as_deref() {
        error!(code = told.code.as_str(), error = hidden, "late");
    }
}

/// The client's own id, if it is one that can stand in a log, or a new one.
fn request_id(request: &Request) -> HeaderValue {
    let fits = |value: &&HeaderValue| {
        (1..=128).contains(&value.len())
            && value.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
    };
    let given = request.headers().get(REQUEST_ID).filter(fits).cloned();
    given.unwrap_or_else(|| {
        let mut bytes = [0; 8];
        // Without randomness all ids are alike, which costs no more than the convenience.
        let _ = getrandom::fill(&mut bytes);
        HeaderValue::try_from(data_encoding::HEXLOWER.encode(&bytes)).unwrap_or(HeaderValue::from_static("none"))
    })
}

/// Anything can be a method; only a few are worth a count of their own.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

//! What do logs and metrics record of each request? A span with a request id that the response repeats, an event at the
//! end, and a count. Never a key, a query string or a text.

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
    let started = Instant::now();
    let _in_flight = app.metrics.start_request();
    let id = request_id(&request);
    let method = method_label(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let span = if app.log { request_span(method, &route, &id) } else { Span::none() };
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = started.elapsed();
    app.metrics.record(method, &route, response.status().as_u16(), took);
    if app.log {
        span.in_scope(|| log_response(&response, took));
    }
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The span of a request. Authentication fills in the tenant and the key id.
fn request_span(method: &str, route: &str, id: &HeaderValue) -> Span {
    let request_id = id.to_str().unwrap_or_default();
    info_span!("request", method, route, request_id, tenant = Empty, key = Empty)
}

fn log_response(response: &Response, took: Duration) {
    let status = response.status().as_u16();
    let ms = (took.as_secs_f64() * 1e4).round() / 10.0;
    let body = response.extensions().get::<ErrorBody>();
    let code = body.map(|body| body.code.as_str());
    let error = body.and_then(|body| body.internal_cause.as_deref());
    if status >= 500 {
        error!(status, ms, code, error, "request");
    } else {
        info!(status, ms, code, error, "request");
    }
}

/// Logs an internal error that occurred after the response had started.
pub fn log_late_error(body: &ErrorBody) {
    if let Some(cause) = body.internal_cause.as_deref() {
        error!(code = body.code.as_str(), error = cause, "response failed after it had started");
    }
}

/// The client's request id if it is safe to log, otherwise a new one.
fn request_id(request: &Request) -> HeaderValue {
    let fits = |value: &&HeaderValue| {
        (1..=128).contains(&value.len())
            && value.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
    };
    let client_id = request.headers().get(REQUEST_ID).filter(fits).cloned();
    client_id.unwrap_or_else(|| {
        let mut bytes = [0; 8];
        // Without randomness all ids are zero: logs are harder to read, but requests still work.
        let _ = getrandom::fill(&mut bytes);
        HeaderValue::try_from(data_encoding::HEXLOWER.encode(&bytes)).unwrap_or(HeaderValue::from_static("none"))
    })
}

/// Clients can send any method name, so unknown ones share a label.
fn method_label(method: &Method) -> &'static str {
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

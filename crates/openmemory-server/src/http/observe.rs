//! What is told of each request? A line in the log, a count, and an id that finds the one from the other. Never a key, an
//! address with its parameters, or a text.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use openmemory_domain::{Clock, SystemClock};
use serde_json::{Map, Value, json};

use super::ErrorBody;
use crate::app_state::AppState;
use crate::keys::Caller;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub async fn observe(State(app): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let _in_flight = app.metrics.begin();
    let id = request_id(&request);
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let mut response = next.run(request).await;
    app.metrics.answered(method, &route, response.status().as_u16(), began.elapsed());
    if let Some(log) = &app.log {
        log(&line(&response, method, &route, &id, began));
    }
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

impl AppState {
    /// Writes what went wrong after the answer had begun.
    pub fn note(&self, told: &ErrorBody) {
        let (Some(log), Some(hidden)) = (&self.log, &told.hidden) else { return };
        let time = SystemClock.now().to_string();
        log(&json!({ "time": time, "level": "error", "message": "late", "code": told.code, "error": **hidden })
            .to_string());
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

fn line(response: &Response, method: &str, route: &str, id: &HeaderValue, began: Instant) -> String {
    let status = response.status().as_u16();
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.into(), value);
    put("time", SystemClock.now().to_string().into());
    put("level", if status >= 500 { "error" } else { "info" }.into());
    put("message", "request".into());
    put("method", method.into());
    put("route", route.into());
    put("status", status.into());
    put("ms", ((began.elapsed().as_secs_f64() * 1e4).round() / 10.0).into());
    put("request_id", id.to_str().unwrap_or_default().into());
    if let Some(caller) = response.extensions().get::<Caller>() {
        put("tenant", caller.tenant.as_str().into());
        put("key", caller.key.as_str().into());
    }
    if let Some(told) = response.extensions().get::<ErrorBody>() {
        put("code", told.code.as_str().into());
        if let Some(hidden) = &told.hidden {
            put("error", hidden.as_ref().into());
        }
    }
    Value::Object(fields).to_string()
}

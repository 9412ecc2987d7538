//! Has the key asked too often? So many requests in each window of time; off unless it is asked for.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;

use super::ApiError;
use crate::app_state::AppState;
use crate::config::Rate;
use crate::keys::Caller;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What each key has used of its window.
#[derive(Default)]
pub struct Rates {
    windows: Mutex<HashMap<String, Window>>,
}

struct Window {
    began: Instant,
    used: u32,
}

struct Used {
    allowed: bool,
    remaining: u32,
    /// Seconds until the next window.
    reset: u64,
}

impl Rates {
    fn use_one(&self, key: &str, rate: Rate, now: Instant) -> Used {
        let length = Duration::from_secs(rate.seconds.max(1).into());
        let mut windows = self.windows.lock();
        windows.retain(|_, window| now.duration_since(window.began) < length);
        let window = windows.entry(key.to_owned()).or_insert(Window { began: now, used: 0 });
        let allowed = window.used < rate.requests;
        window.used += u32::from(allowed);
        let left = length.saturating_sub(now.duration_since(window.began));
        Used { allowed, remaining: rate.requests - window.used, reset: left.as_secs_f64().ceil() as u64 }
    }
}

pub async fn limit_rate(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    let Some(rate) = app.limits.rate else { return next.run(request).await };
    let key = request.extensions().get::<Caller>().map_or("", |caller| &caller.key);
    let used = app.rates.use_one(key, rate, Instant::now());
    let mut response =
        if used.allowed { next.run(request).await } else { ApiError::RateLimited(used.reset.max(1)).into_response() };
    let headers = response.headers_mut();
    headers.insert(LIMIT, HeaderValue::from(rate.requests));
    headers.insert(REMAINING, HeaderValue::from(used.remaining));
    headers.insert(RESET, HeaderValue::from(used.reset));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_counts_each_key_by_itself_and_begins_anew() {
        let (rates, rate, start) = (Rates::default(), Rate { requests: 2, seconds: 10 }, Instant::now());
        assert!(rates.use_one("a", rate, start).allowed);
        assert!(rates.use_one("a", rate, start).allowed);
        let refused = rates.use_one("a", rate, start + Duration::from_secs(4));
        assert_eq!((refused.allowed, refused.remaining, refused.reset), (false, 0, 6));
        assert!(rates.use_one("b", rate, start).allowed);
        assert!(rates.use_one("a", rate, start + Duration::from_secs(10)).allowed);
    }
}

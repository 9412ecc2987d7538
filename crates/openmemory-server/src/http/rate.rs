//! Has the key asked too often? Each key may make so many requests at once, and earns them back evenly over a window; off
//! unless it is asked for.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use super::ApiError;
use crate::app_state::AppState;
use crate::config::Rate;
use crate::keys::Caller;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

type Limiter<C> = RateLimiter<String, DefaultKeyedStateStore<String>, C, StateInformationMiddleware>;

/// Requests between two looks for keys that can be forgotten, since they have all their requests again.
const FORGET_EVERY: u32 = 4096;

/// What each key has left.
pub struct RateLimits<C: Clock = DefaultClock> {
    requests: u32,
    /// In which one request is earned back.
    period: Duration,
    limiter: Limiter<C>,
    clock: C,
    asked: AtomicU32,
}

/// What became of one request.
struct Use {
    /// How long a refused request has to wait.
    refused: Option<Duration>,
    remaining: u32,
    /// Until the key has all its requests again.
    reset: Duration,
}

impl RateLimits {
    pub fn new(rate: Rate) -> Self {
        Self::with_clock(rate, DefaultClock::default())
    }
}

impl<C: Clock + Clone> RateLimits<C> {
    fn with_clock(rate: Rate, clock: C) -> Self {
        let requests = NonZeroU32::new(rate.requests).unwrap_or(NonZeroU32::MIN);
        let period = Duration::from_secs(rate.seconds.max(1).into()) / requests.get();
        // A period of no time at all has no quota: then nobody is ever refused.
        let quota = Quota::with_period(period).unwrap_or(Quota::per_second(NonZeroU32::MAX)).allow_burst(requests);
        let limiter = Limiter::new(quota, DefaultKeyedStateStore::default(), clock.clone());
        Self { requests: requests.get(), period, limiter, clock, asked: AtomicU32::new(0) }
    }

    fn use_one(&self, key: &str) -> Use {
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        match self.limiter.check_key(&key.to_owned()) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Use { refused: None, remaining, reset: self.period * (self.requests - remaining) }
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.clock.now());
                Use { refused: Some(wait), remaining: 0, reset: wait + self.period * (self.requests - 1) }
            }
        }
    }
}

pub async fn limit_rate(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    let Some(rates) = &app.rates else { return next.run(request).await };
    let key = request.extensions().get::<Caller>().map_or("", |caller| &caller.key);
    let used = rates.use_one(key);
    let mut response = match used.refused {
        None => next.run(request).await,
        Some(wait) => ApiError::RateLimited(seconds(wait).max(1)).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(LIMIT, HeaderValue::from(rates.requests));
    headers.insert(REMAINING, HeaderValue::from(used.remaining));
    headers.insert(RESET, HeaderValue::from(seconds(used.reset)));
    response
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn each_key_has_its_requests_at_once_and_earns_them_back_evenly() {
        let clock = FakeRelativeClock::default();
        let rates = RateLimits::with_clock(Rate { requests: 2, seconds: 10 }, clock.clone());
        let outcome = |key: &str| {
            let used = rates.use_one(key);
            (used.refused.map(seconds), used.remaining, seconds(used.reset))
        };
        assert_eq!(outcome("a"), (None, 1, 5));
        assert_eq!(outcome("a"), (None, 0, 10));
        clock.advance(Duration::from_secs(4));
        assert_eq!(outcome("a"), (Some(1), 0, 6));
        assert_eq!(outcome("b"), (None, 1, 5));
        clock.advance(Duration::from_secs(1));
        assert_eq!(outcome("a"), (None, 0, 10));
        clock.advance(Duration::from_secs(60));
        assert_eq!(outcome("a"), (None, 1, 5));
    }

    #[test]
    fn keys_that_have_all_their_requests_again_are_forgotten() {
        let clock = FakeRelativeClock::default();
        let rates = RateLimits::with_clock(Rate { requests: 2, seconds: 10 }, clock.clone());
        for key in 0..FORGET_EVERY - 1 {
            rates.use_one(&key.to_string());
        }
        assert_eq!(rates.limiter.len() as u32, FORGET_EVERY - 1);
        clock.advance(Duration::from_secs(11));
        rates.use_one("another");
        assert_eq!(rates.limiter.len(), 1);
    }
}

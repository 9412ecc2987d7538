//! Has the key exceeded its rate limit? Each key may send a burst of requests, which is replenished evenly over a window.
//! There is no limit unless one is configured.

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

/// Requests between two removals of keys whose burst is fully replenished.
const PRUNE_INTERVAL: u32 = 4096;

/// The remaining requests of each key.
pub struct RateLimits<C: Clock = DefaultClock> {
    requests: u32,
    /// Time in which one request is replenished.
    period: Duration,
    limiter: Limiter<C>,
    clock: C,
    checks: AtomicU32,
}

/// The outcome of a check.
struct Decision {
    /// How long a rejected request has to wait.
    retry_after: Option<Duration>,
    remaining: u32,
    /// Time until the burst is fully replenished.
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
        // A period that rounds to zero has no quota; then no request is rejected.
        let quota = Quota::with_period(period).unwrap_or(Quota::per_second(NonZeroU32::MAX)).allow_burst(requests);
        let limiter = Limiter::new(quota, DefaultKeyedStateStore::default(), clock.clone());
        Self { requests: requests.get(), period, limiter, clock, checks: AtomicU32::new(0) }
    }

    fn check(&self, key: &str) -> Decision {
        if self.checks.fetch_add(1, Ordering::Relaxed) % PRUNE_INTERVAL == PRUNE_INTERVAL - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        match self.limiter.check_key(&key.to_owned()) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Decision { retry_after: None, remaining, reset: self.period * (self.requests - remaining) }
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.clock.now());
                Decision { retry_after: Some(wait), remaining: 0, reset: wait + self.period * (self.requests - 1) }
            }
        }
    }
}

pub async fn limit_rate(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    let Some(rates) = &app.rates else { return next.run(request).await };
    let key = request.extensions().get::<Caller>().map_or("", |caller| &caller.key);
    let decision = rates.check(key);
    let mut response = match decision.retry_after {
        None => next.run(request).await,
        Some(wait) => ApiError::RateLimited(seconds(wait).max(1)).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(LIMIT, HeaderValue::from(rates.requests));
    headers.insert(REMAINING, HeaderValue::from(decision.remaining));
    headers.insert(RESET, HeaderValue::from(seconds(decision.reset)));
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
    fn each_key_has_a_burst_that_is_replenished_evenly() {
        let clock = FakeRelativeClock::default();
        let rates = RateLimits::with_clock(Rate { requests: 2, seconds: 10 }, clock.clone());
        let outcome = |key: &str| {
            let decision = rates.check(key);
            (decision.retry_after.map(seconds), decision.remaining, seconds(decision.reset))
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
    fn keys_with_a_full_burst_are_removed() {
        let clock = FakeRelativeClock::default();
        let rates = RateLimits::with_clock(Rate { requests: 2, seconds: 10 }, clock.clone());
        for key in 0..PRUNE_INTERVAL - 1 {
            rates.check(&key.to_string());
        }
        assert_eq!(rates.limiter.len() as u32, PRUNE_INTERVAL - 1);
        clock.advance(Duration::from_secs(11));
        rates.check("another");
        assert_eq!(rates.limiter.len(), 1);
    }
}

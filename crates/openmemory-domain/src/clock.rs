//! What time is it? Passed in, so that tests decide.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Timestamp;

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The machine's clock. It may jump; versions never go back in time because of it (see [`super::patch`]).
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = since_epoch(SystemTime::now());
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Nothing while the clock is before 1970.
pub(super) fn since_epoch(now: SystemTime) -> Duration {
    now.duration_since(UNIX_EPOCH).unwrap_or_default()
}

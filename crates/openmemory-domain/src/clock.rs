//! What time is it? The clock is a parameter, so that tests can set it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Timestamp;

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The system clock. It may jump backwards; versions do not (see [`super::patch`]).
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = since_epoch(SystemTime::now());
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Zero while the clock is before 1970.
pub(super) fn since_epoch(now: SystemTime) -> Duration {
    now.duration_since(UNIX_EPOCH).unwrap_or_default()
}

//! What time is it in a test? It stands still until it is moved.

use std::sync::atomic::{AtomicI64, Ordering};

use openmemory_domain::{Clock, Timestamp};

/// Where the clock starts: 2025-01-20T14:35:00Z.
pub const START: i64 = 1_737_383_700_000;

pub struct ManualClock(AtomicI64);

impl Default for ManualClock {
    fn default() -> Self {
        Self(AtomicI64::new(START))
    }
}

impl ManualClock {
    pub fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::Relaxed);
    }

    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

//! Is it time again for what this process does now and then?

use openmemory_domain::Timestamp;
use parking_lot::Mutex;

/// When something was done last.
#[derive(Default)]
pub(crate) struct Due(Mutex<Option<Timestamp>>);

impl Due {
    /// Whether so many milliseconds have passed; it then counts as done. A clock that was set back does not hold it up.
    pub(crate) fn is_due(&self, now: Timestamp, every_ms: i64) -> bool {
        let mut last = self.0.lock();
        if last.is_some_and(|last| (0..every_ms).contains(&(now.millis() - last.millis()))) {
            return false;
        }
        *last = Some(now);
        true
    }
}

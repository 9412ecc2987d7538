//! How are unique ids generated? As UUIDv7, which sort by creation time.

use std::sync::Mutex;
use std::time::SystemTime;

use uuid::{ContextV7, Timestamp, Uuid};

use super::clock::since_epoch;

static CONTEXT: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// A new UUID. Unlike [`Uuid::now_v7`] this does not panic while the clock is before 1970.
pub fn unique() -> Uuid {
    unique_at(SystemTime::now())
}

fn unique_at(now: SystemTime) -> Uuid {
    let since_epoch = since_epoch(now);
    Uuid::new_v7(Timestamp::from_unix(&CONTEXT, since_epoch.as_secs(), since_epoch.subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn ids_are_unique_whatever_the_clock_says() {
        let year = Duration::from_secs(365 * 86_400);
        let moments = [UNIX_EPOCH - 60 * year, UNIX_EPOCH, UNIX_EPOCH + 56 * year, UNIX_EPOCH + 9000 * year];
        let made: BTreeSet<Uuid> = (0..400).map(|n| unique_at(moments[n % moments.len()])).collect();
        assert_eq!(made.len(), 400);
        assert!(made.iter().all(|uuid| uuid.get_version_num() == 7));
    }
}

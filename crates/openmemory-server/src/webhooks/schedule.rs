//! When is a delivery tried again? Soon at first, then ever more seldom, for about an hour.

use std::time::Duration;

/// After so many attempts the event is given up, so that one that a receiver cannot take does not hold up all others.
pub const ATTEMPTS: u32 = 16;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(600);
/// A receiver may ask for more time than that.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// How long to wait after that many attempts, plus up to a quarter, so that receivers are not asked in step.
pub fn pause(attempts: u32, asked: Option<u64>) -> Duration {
    let doubled = FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST);
    let asked = Duration::from_secs(asked.unwrap_or(0)).min(LONGEST_ASKED);
    let mut random = [0];
    let _ = getrandom::fill(&mut random);
    doubled.max(asked) + doubled.mul_f64(f64::from(random[0]) / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_seldom_and_end_after_an_hour() {
        let total: Duration = (1..ATTEMPTS).map(|attempts| pause(attempts, None)).sum();
        assert!((3000..5400).contains(&total.as_secs()), "{total:?}");
        assert!(pause(1, None) < Duration::from_secs(1));
        assert!(pause(u32::MAX, None) <= LONGEST.mul_f64(1.25));
    }

    #[test]
    fn a_receiver_is_given_the_time_that_it_asks_for() {
        assert!(pause(1, Some(30)) >= Duration::from_secs(30));
        assert!(pause(1, Some(u64::MAX)) <= LONGEST_ASKED + FIRST);
    }
}

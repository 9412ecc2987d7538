//! How close is a memory to the time that a question asks about?

use crate::Timestamp;
use crate::valid_time::Interval;

/// The time that a question asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Half-open; absent ends are unbounded.
    pub interval: Interval,
    /// How long the named day, week, month or year is, in milliseconds: the scale of what counts as close.
    pub grain_ms: i64,
}

impl Window {
    /// 1 if something that happened in `interval` meets the window, else e^(−distance ÷ grain).
    pub fn closeness(&self, interval: &Interval) -> f32 {
        let first = interval.start.unwrap_or(Timestamp::FIRST).millis();
        let last = interval.end.map_or(i64::MAX, |end| (end.millis() - 1).max(first));
        let from = self.interval.start.map_or(i64::MIN, Timestamp::millis);
        let until = self.interval.end.map_or(i64::MAX, |end| end.millis() - 1);
        let distance = from.saturating_sub(last).max(first.saturating_sub(until)).max(0);
        (-(distance as f64) / self.grain_ms.max(1) as f64).exp() as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<Timestamp> {
        Some(Timestamp::parse(text).unwrap())
    }

    #[test]
    fn what_meets_the_window_is_closest() {
        let may =
            Window { interval: Interval { start: at("2025-05-01"), end: at("2025-06-01") }, grain_ms: 31 * 86_400_000 };
        let on = |start, end| may.closeness(&Interval { start: at(start), end: at(end) });
        assert_eq!(on("2025-05-31", "2025-06-02"), 1.0);
        assert_eq!(on("2024-01-01", "2025-05-02"), 1.0);
        assert_eq!(on("2025-05-17T10:00Z", "2025-05-17T10:00Z"), 1.0);
        assert!((on("2025-07-02", "2025-07-03") - (-1.0f32).exp()).abs() < 0.001);
        assert!((on("2025-03-30", "2025-03-31") - (-1.0f32).exp()).abs() < 0.001);
        assert!(on("1999-01-01", "1999-01-02") < 1e-6);
    }

    #[test]
    fn an_open_window_has_no_other_side() {
        let since = Window { interval: Interval { start: at("2025-05-01"), end: None }, grain_ms: 86_400_000 };
        assert_eq!(since.closeness(&Interval { start: at("2031-01-01"), end: at("2031-01-02") }), 1.0);
        assert_eq!(since.closeness(&Interval { start: None, end: None }), 1.0);
        assert!(since.closeness(&Interval { start: at("2025-04-01"), end: at("2025-04-02") }) < 1e-9);
    }
}

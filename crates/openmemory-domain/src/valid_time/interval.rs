//! Does a time lie between two times?

use crate::Timestamp;

/// The times from `start` on and before `end`. Absent ends are unbounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    pub start: Option<Timestamp>,
    /// Exclusive.
    pub end: Option<Timestamp>,
}

impl Interval {
    /// No time at all.
    pub const EMPTY: Self = Self { start: None, end: Some(Timestamp::FIRST) };

    pub fn holds(&self, at: Timestamp) -> bool {
        self.start.is_none_or(|start| start <= at) && self.end.is_none_or(|end| at < end)
    }

    pub fn is_empty(&self) -> bool {
        self.end.is_some_and(|end| end <= self.start.unwrap_or(Timestamp::FIRST))
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        let both = Self {
            start: self.start.max(other.start),
            end: match (self.end, other.end) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            },
        };
        !both.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(start: i64, end: i64) -> Interval {
        Interval { start: Some(Timestamp::from_millis(start)), end: Some(Timestamp::from_millis(end)) }
    }

    #[test]
    fn an_interval_has_its_start_and_not_its_end() {
        let times = [0, 1, 2, 3].map(|at| interval(1, 3).holds(Timestamp::from_millis(at)));
        assert_eq!(times, [false, true, true, false]);
        assert!(Interval { start: None, end: None }.holds(Timestamp::LAST));
    }

    #[test]
    fn only_common_times_overlap() {
        assert!(!interval(1, 3).overlaps(&interval(3, 4)));
        assert!(interval(1, 3).overlaps(&interval(2, 4)));
        assert!(interval(1, 3).overlaps(&Interval { start: None, end: None }));
        assert!(!interval(1, 3).overlaps(&Interval::EMPTY));
        assert!(Interval::EMPTY.is_empty() && interval(3, 3).is_empty() && !interval(1, 3).is_empty());
    }
}

//! Which days does a named time span? Weeks begin on Monday.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use serde::Deserialize;

use super::window::Window;
use crate::Timestamp;
use crate::valid_time::Interval;

const DAY_MS: i64 = 86_400_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unit {
    Day,
    Week,
    Month,
    Year,
}

/// From one day to before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) from: Date,
    pub(super) until: Date,
}

impl Days {
    pub(super) fn window(self) -> Option<Window> {
        self.turned(|from, until| (Some(from), Some(until)))
    }

    pub(super) fn since(self) -> Option<Window> {
        self.turned(|from, _| (Some(from), None))
    }

    pub(super) fn before(self) -> Option<Window> {
        self.turned(|from, _| (None, Some(from)))
    }

    pub(super) fn after(self) -> Option<Window> {
        self.turned(|_, until| (Some(until), None))
    }

    fn turned(self, ends: impl Fn(Timestamp, Timestamp) -> (Option<Timestamp>, Option<Timestamp>)) -> Option<Window> {
        let (from, until) = (timestamp(self.from)?, timestamp(self.until)?);
        let (start, end) = ends(from, until);
        let interval = Interval { start, end };
        (!interval.is_empty()).then_some(Window { interval, grain_ms: until.millis() - from.millis() })
    }
}

impl Unit {
    /// The day, week, month or year that a day is in.
    pub(super) fn around(self, day: Date) -> Option<Days> {
        let from = match self {
            Self::Day => day,
            Self::Week => monday(day)?,
            Self::Month => day.first_of_month(),
            Self::Year => day.first_of_year(),
        };
        Some(Days { from, until: from.checked_add(self.times(1)).ok()? })
    }

    /// The one that is so many later, or earlier.
    pub(super) fn shifted(self, day: Date, by: i32) -> Option<Days> {
        self.around(day.checked_add(self.times(by)).ok()?)
    }

    /// This long before a day, or after it: a day exactly, or the days about a longer time away.
    pub(super) fn away(self, day: Date, by: i32) -> Option<Days> {
        let there = day.checked_add(self.times(by)).ok()?;
        let half = match self {
            Self::Day => 0,
            Self::Week => 3,
            Self::Month => 15,
            Self::Year => 182,
        };
        Some(Days { from: there.checked_sub(half.days()).ok()?, until: there.checked_add((half + 1).days()).ok()? })
    }

    /// This long after a day, or before it.
    pub(super) fn later_day(self, day: Date, by: i32) -> Option<Date> {
        day.checked_add(self.times(by)).ok()
    }

    fn times(self, by: i32) -> Span {
        match self {
            Self::Day => by.days(),
            Self::Week => by.weeks(),
            Self::Month => by.months(),
            Self::Year => by.years(),
        }
    }
}

/// Whether a time is the latest that is over, the present one, or the next to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Last,
    This,
    Next,
}

/// What comes again each week or year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recurring {
    Weekday(i8),
    Weekend,
    Month(i8),
    /// From spring on, those of the northern half; winter is that which ends in the year.
    Season(i8),
}

impl Recurring {
    /// The one in the week or year of a day.
    fn around(self, day: Date) -> Option<Days> {
        let month = |from: i8, count: i32| {
            let from = Date::new(day.year(), from, 1).ok()?;
            Some(Days { from, until: from.checked_add(count.months()).ok()? })
        };
        match self {
            Self::Weekday(number) => Unit::Day.around(monday(day)?.checked_add(i32::from(number - 1).days()).ok()?),
            Self::Weekend => {
                let from = monday(day)?.checked_add(5.days()).ok()?;
                Some(Days { from, until: from.checked_add(2.days()).ok()? })
            }
            Self::Month(number) => month(number, 1),
            Self::Season(4) => {
                let until = Date::new(day.year(), 3, 1).ok()?;
                Some(Days { from: until.checked_sub(3.months()).ok()?, until })
            }
            Self::Season(number) => month(3 * number, 3),
        }
    }

    fn period(self) -> Unit {
        match self {
            Self::Weekday(_) | Self::Weekend => Unit::Week,
            Self::Month(_) | Self::Season(_) => Unit::Year,
        }
    }

    /// Seen from a day.
    pub(super) fn which(self, which: Which, day: Date) -> Option<Days> {
        let at = |by: i32| self.around(day.checked_add(self.period().times(by)).ok()?);
        match which {
            Which::This => at(0),
            Which::Last => [0, -1].into_iter().filter_map(at).find(|days| days.until <= day).or_else(|| at(-1)),
            Which::Next => [0, 1].into_iter().filter_map(at).find(|days| days.from > day).or_else(|| at(1)),
        }
    }

    /// The latest that has begun.
    pub(super) fn latest(self, day: Date) -> Option<Days> {
        let at = |by: i32| self.around(day.checked_add(self.period().times(by)).ok()?);
        [0, -1].into_iter().filter_map(at).find(|days| days.from <= day)
    }

    pub(super) fn of_year(self, year: i16) -> Option<Days> {
        self.around(Date::new(year, 7, 1).ok()?)
    }

    /// The last one that is over when a day begins.
    pub(super) fn before(self, day: Date) -> Option<Days> {
        self.which(Which::Last, day)
    }
}

fn monday(day: Date) -> Option<Date> {
    let since = day.weekday().since(Weekday::Monday);
    day.checked_sub(i32::from(since).days()).ok()
}

pub(super) fn timestamp(day: Date) -> Option<Timestamp> {
    let epoch = jiff::civil::date(1970, 1, 1);
    let days = i64::from(epoch.until(day).ok()?.get_days());
    Some(Timestamp::from_millis(days * DAY_MS))
}

/// The day of a time, in UTC.
pub(super) fn day_of(at: Timestamp) -> Option<Date> {
    jiff::civil::date(1970, 1, 1).checked_add(at.millis().div_euclid(DAY_MS).days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn spans(days: Option<Days>) -> (String, String) {
        let days = days.unwrap();
        (days.from.to_string(), days.until.to_string())
    }

    #[test]
    fn units_are_those_of_the_calendar() {
        // A Friday.
        let friday = day("2026-11-27");
        assert_eq!(spans(Unit::Week.shifted(friday, -1)), ("2026-11-16".into(), "2026-11-23".into()));
        assert_eq!(spans(Unit::Month.shifted(day("2026-03-31"), -1)), ("2026-02-01".into(), "2026-03-01".into()));
        assert_eq!(spans(Unit::Year.shifted(friday, 1)), ("2027-01-01".into(), "2028-01-01".into()));
        assert_eq!(spans(Unit::Week.away(friday, -2)), ("2026-11-10".into(), "2026-11-17".into()));
    }

    #[test]
    fn the_last_one_is_over_and_the_next_one_has_not_begun() {
        let friday = day("2026-11-27");
        let last = |what: Recurring| spans(what.which(Which::Last, friday));
        assert_eq!(last(Recurring::Weekday(5)), ("2026-11-20".into(), "2026-11-21".into()));
        assert_eq!(last(Recurring::Weekday(2)), ("2026-11-24".into(), "2026-11-25".into()));
        assert_eq!(last(Recurring::Weekend), ("2026-11-21".into(), "2026-11-23".into()));
        assert_eq!(last(Recurring::Season(2)), ("2026-06-01".into(), "2026-09-01".into()));
        assert_eq!(last(Recurring::Season(4)), ("2025-12-01".into(), "2026-03-01".into()));
        assert_eq!(last(Recurring::Month(12)), ("2025-12-01".into(), "2026-01-01".into()));
        assert_eq!(spans(Recurring::Month(5).which(Which::Next, friday)), ("2027-05-01".into(), "2027-06-01".into()));
        assert_eq!(spans(Recurring::Month(11).latest(friday)), ("2026-11-01".into(), "2026-12-01".into()));
        assert_eq!(spans(Recurring::Month(12).latest(friday)), ("2025-12-01".into(), "2026-01-01".into()));
    }

    #[test]
    fn days_and_times_convert_both_ways() {
        for text in ["1969-12-31", "1970-01-01", "2024-02-29", "0001-01-01"] {
            let at = Timestamp::parse(text).unwrap();
            assert_eq!((day_of(at), timestamp(day(text))), (Some(day(text)), Some(at)));
        }
    }
}

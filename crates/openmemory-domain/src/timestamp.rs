//! When? Milliseconds since 1970 in UTC, formatted as ISO 8601.

use std::fmt;

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use jiff::fmt::temporal::Pieces;
use serde::{Deserialize, Serialize};

use super::Invalid;

const DAY_MS: f64 = 86_400_000.0;
const FIRST: i64 = -62_135_596_800_000; // 0001-01-01T00:00:00.000Z
const LAST: i64 = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z
const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

/// A time between the years 1 and 9999, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Timestamp(i64);

/// Rejects a stored number that cannot be formatted as a time.
impl TryFrom<i64> for Timestamp {
    type Error = &'static str;

    fn try_from(millis: i64) -> Result<Self, Self::Error> {
        if (FIRST..=LAST).contains(&millis) { Ok(Self(millis)) } else { Err("a time outside the years 1 to 9999") }
    }
}

impl From<Timestamp> for i64 {
    fn from(at: Timestamp) -> Self {
        at.0
    }
}

impl Timestamp {
    /// The earliest time.
    pub const FIRST: Self = Self(FIRST);
    /// The latest time.
    pub const LAST: Self = Self(LAST);

    /// Times outside the years 1 to 9999 are clamped.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(FIRST, LAST))
    }

    pub fn millis(self) -> i64 {
        self.0
    }

    /// Parses ISO 8601 with an offset (`2025-01-20T14:35:00Z`), or a date, which means midnight UTC. Times after the
    /// last one are clamped to it: the last day of the year 9999 often means "never", in any time zone.
    pub fn parse(text: &str) -> Option<Self> {
        let pieces = Pieces::parse(text).ok()?;
        let (local, offset) = match (pieces.time(), pieces.to_numeric_offset()) {
            (None, None) => (pieces.date().to_datetime(jiff::civil::Time::midnight()), 0),
            (Some(time), Some(offset)) => (pieces.date().to_datetime(time), offset.seconds()),
            _ => return None,
        };
        let millis = i64::try_from(local.duration_since(EPOCH).as_millis()).ok()? - i64::from(offset) * 1000;
        (FIRST..).contains(&millis).then_some(Self(millis.min(LAST)))
    }

    /// Like [`Timestamp::parse`], with an error that names the field.
    pub fn read(field: &str, text: &str) -> Result<Self, Invalid> {
        Self::parse(text).ok_or_else(|| {
            Invalid::argument(field, "needs an ISO 8601 time with offset, such as 2025-01-20T14:35:00Z, or a date")
        })
    }

    /// The name of its weekday, in UTC.
    pub fn weekday(self) -> &'static str {
        const WEEKDAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
        let days = self.0.div_euclid(DAY_MS as i64);
        WEEKDAYS[days.rem_euclid(7) as usize]
    }

    /// Days since `earlier`, never negative.
    pub fn days_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0).max(0) as f64 / DAY_MS
    }

    /// This time minus `days`, clamped.
    pub fn days_before(self, days: f64) -> Self {
        Self::from_millis(self.0.saturating_sub((days * DAY_MS) as i64))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match EPOCH.checked_add(SignedDuration::from_millis(self.0)) {
            Ok(moment) => write!(f, "{moment:.3}Z"),
            Err(_) => Err(fmt::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_those_of_the_calendar() {
        for (text, expected) in [("2026-03-03", "Tuesday"), ("1970-01-01", "Thursday"), ("1969-12-28", "Sunday")] {
            assert_eq!(Timestamp::parse(text).unwrap().weekday(), expected);
        }
    }

    #[test]
    fn a_time_is_written_in_utc_with_milliseconds() {
        let time = Timestamp::parse("2025-01-20T15:35:00+01:00").unwrap();
        assert_eq!(time.to_string(), "2025-01-20T14:35:00.000Z");
        assert_eq!(Timestamp::from_millis(7).to_string(), "1970-01-01T00:00:00.007Z");
    }

    #[test]
    fn a_date_means_midnight_utc() {
        assert_eq!(Timestamp::parse("2025-01-20").unwrap().to_string(), "2025-01-20T00:00:00.000Z");
    }

    #[test]
    fn times_that_mean_never_are_accepted() {
        for (text, written) in [
            ("9999-12-31", "9999-12-31T00:00:00.000Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"),
            ("9999-12-31T23:59:59.999999+00:00", "9999-12-31T23:59:59.999Z"),
            ("9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), written, "{text}");
        }
        assert_eq!(Timestamp::parse("0001-01-01T00:00:00+01:00"), None);
    }

    #[test]
    fn the_first_and_the_last_time_round_trip() {
        for moment in [i64::MIN, i64::MAX].map(Timestamp::from_millis) {
            assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
        }
    }

    #[test]
    fn a_time_without_an_offset_is_rejected() {
        for text in ["2025-01-20T14:35:00", "2025-01-20 14:35", "soon", "", "2025-13-01", "12345"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}

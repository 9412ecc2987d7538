//! When, as exactly as somebody knows it? A year, a month, a day or a moment, formatted as it was given.

use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};
use serde::{Deserialize, Serialize};

use crate::{Invalid, Timestamp};

/// How exact a date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Grain {
    Year,
    Month,
    Day,
    Moment,
}

/// `2024`, `2024-05`, `2024-05-17`, or a time to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PartialDate {
    grain: Grain,
    /// Its first moment, in UTC.
    start: Timestamp,
}

impl PartialDate {
    /// A time to the millisecond.
    pub fn moment(at: Timestamp) -> Self {
        Self { grain: Grain::Moment, start: at }
    }

    pub fn parse(text: &str) -> Option<Self> {
        let (grain, day) = match text.len() {
            4 => (Grain::Year, format!("{text}-01-01")),
            7 => (Grain::Month, format!("{text}-01")),
            10 => (Grain::Day, text.to_owned()),
            11.. => return Timestamp::parse(text).map(Self::moment),
            _ => return None,
        };
        let is_plain = day.bytes().enumerate().all(|(i, byte)| match i {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
        let start = Timestamp::parse(&day).filter(|_| is_plain && day.len() == 10)?;
        Some(Self { grain, start })
    }

    /// Like [`PartialDate::parse`], with an error that names the field.
    pub fn read(field: &str, text: &str) -> Result<Self, Invalid> {
        Self::parse(text).ok_or_else(|| {
            let needs = "needs a date such as 2024, 2024-05 or 2024-05-17, or an ISO 8601 time with offset";
            Invalid::argument(field, needs)
        })
    }

    pub fn grain(self) -> Grain {
        self.grain
    }

    /// Its first moment.
    pub fn start(self) -> Timestamp {
        self.start
    }

    /// The first moment after the year, month or day; a moment itself.
    pub fn end(self) -> Timestamp {
        let next = |date: Date| match self.grain {
            Grain::Year => date.checked_add(1.year()),
            Grain::Month => date.checked_add(1.month()),
            Grain::Day => date.checked_add(1.day()),
            Grain::Moment => Ok(date),
        };
        if self.grain == Grain::Moment {
            return self.start;
        }
        let after = self.first_day().and_then(|day| next(day).ok());
        after.and_then(|day| Timestamp::parse(&day.to_string())).unwrap_or(Timestamp::LAST)
    }

    fn first_day(self) -> Option<Date> {
        let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
        Some(epoch.checked_add(SignedDuration::from_millis(self.start.millis())).ok()?.date())
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.start.to_string();
        let length = match self.grain {
            Grain::Year => 4,
            Grain::Month => 7,
            Grain::Day => 10,
            Grain::Moment => text.len(),
        };
        f.write_str(text.get(..length).ok_or(fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_formatted_as_it_was_given() {
        for text in ["2024", "2024-05", "2024-02-29", "0001", "9999-12-31", "2026-03-02T00:00:00.000Z"] {
            assert_eq!(PartialDate::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(PartialDate::parse("2026-03-02T01:00+01:00").unwrap().to_string(), "2026-03-02T00:00:00.000Z");
    }

    #[test]
    fn a_date_ends_where_the_next_one_begins() {
        for (text, start, end) in [
            ("2024", "2024-01-01T00:00:00.000Z", "2025-01-01T00:00:00.000Z"),
            ("2024-12", "2024-12-01T00:00:00.000Z", "2025-01-01T00:00:00.000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z", "2024-03-01T00:00:00.000Z"),
            ("1969-12-31", "1969-12-31T00:00:00.000Z", "1970-01-01T00:00:00.000Z"),
            ("2024-02-29T10:00:00Z", "2024-02-29T10:00:00.000Z", "2024-02-29T10:00:00.000Z"),
            ("9999", "9999-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"),
        ] {
            let date = PartialDate::parse(text).unwrap();
            assert_eq!((date.start().to_string(), date.end().to_string()), (start.into(), end.into()), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "",
            "24",
            "2024-13",
            "2024-00",
            "2024-5-1",
            "20240517",
            "2024-02-30",
            "2024-02-30T00:00Z",
            "0000",
            "+024",
            "2024/05",
            "May 2024",
            "2024-05-17T10:00",
            "２０２４",
            "-001-01-01",
            "2024-W10-1",
        ] {
            assert_eq!(PartialDate::parse(text), None, "{text}");
        }
    }
}

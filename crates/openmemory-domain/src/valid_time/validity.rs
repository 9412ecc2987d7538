//! What does a version say about when it is true?

use serde::{Deserialize, Deserializer, Serialize};

use super::partial_date::PartialDate;
use crate::{Invalid, Timestamp};

/// Why a memory is no longer current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Retired {
    /// It was true, and is not any longer.
    Ended,
    /// It never was true.
    Wrong,
}

impl Retired {
    pub const NAMES: [&str; 2] = [Self::Ended.name(), Self::Wrong.name()];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Wrong => "wrong",
        }
    }

    pub fn read(field: &str, name: &str) -> Result<Self, Invalid> {
        match name {
            "ended" => Ok(Self::Ended),
            "wrong" => Ok(Self::Wrong),
            _ => Err(Invalid::argument(field, "must be ended or wrong")),
        }
    }
}

/// The valid time of one version, as far as it is known by itself. [`Timeline`](super::Timeline) adds what later versions
/// say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// Since when it is true; `None`: unknown, so it may always have been.
    pub from: Option<PartialDate>,
    /// Until when it is true; `None`: it still is.
    pub to: Option<PartialDate>,
    pub retired: Option<Retired>,
    /// Whether the version before this one never was true as it stood.
    pub correction: bool,
}

impl Validity {
    /// The first moment, if it is known.
    pub fn start(&self) -> Option<Timestamp> {
        self.from.map(PartialDate::start)
    }

    /// The first moment after it; `None` if there is none.
    pub fn end(&self) -> Option<Timestamp> {
        match self.retired {
            Some(Retired::Wrong) => Some(Timestamp::FIRST),
            _ => self.to.map(PartialDate::end),
        }
    }

    /// Whether it is retired as wrong, or has ended by `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.end().is_some_and(|end| end <= now)
    }

    /// The fields of a record, with their values where they are present.
    pub fn fields(&self) -> [(&'static str, Option<String>); 3] {
        let text = |date: Option<PartialDate>| date.map(|date| date.to_string());
        let retired = self.retired.map(|why| why.name().to_owned());
        [("valid_from", text(self.from)), ("valid_to", text(self.to)), ("retired", retired)]
    }

    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// Reads the last field of a record, which older records do not have.
pub fn or_unknown<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Validity, D::Error> {
    Ok(Validity::deserialize(deserializer).unwrap_or_default())
}

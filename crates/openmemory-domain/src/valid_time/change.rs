//! How does a change of a memory move its valid time? A new text begins a new interval; a correction keeps the old one.

use super::partial_date::PartialDate;
use super::validity::{Retired, Validity};
use crate::patch::Setting;
use crate::{Invalid, Timestamp};

/// What an update says about valid time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ValidityPatch {
    pub from: Option<Setting<PartialDate>>,
    pub to: Option<Setting<PartialDate>>,
    /// Whether the version before never was true as it stood.
    pub correction: bool,
}

impl ValidityPatch {
    /// Whether it changes no field.
    pub fn is_empty(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// The validity after `current`, from an update at `now`.
    pub fn apply(&self, current: &Validity, is_new_text: bool, now: Timestamp) -> Result<Validity, Invalid> {
        let moves = is_new_text && !self.correction;
        let from = match self.from {
            Some(Setting::Set(date)) => Some(date),
            Some(Setting::Clear) => None,
            None if moves => Some(moment_in(current, now)),
            None => current.from,
        };
        if !self.correction && from.map(PartialDate::start) < current.start() {
            let since = current.from.map(|date| date.to_string()).unwrap_or_default();
            let problem = format!(
                "is before {since}, since when the memory is valid; pass correction: true if that date was wrong, or add \
                 what was true before as a memory with valid_from and valid_to"
            );
            return Err(Invalid::argument("valid_from", problem));
        }
        let kept = if moves { Validity::default() } else { *current };
        let (to, retired) = match self.to {
            Some(Setting::Set(date)) => (Some(date), kept.retired),
            Some(Setting::Clear) => (None, kept.retired.filter(|why| *why == Retired::Wrong)),
            None => (kept.to, kept.retired),
        };
        Validity { from, to, retired, correction: self.correction }.checked()
    }
}

/// How a memory is retired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retirement {
    pub why: Retired,
    /// Until when it was true; `None`: until now. Only of one that has ended.
    pub to: Option<PartialDate>,
}

impl Retirement {
    pub fn apply(&self, current: &Validity, now: Timestamp) -> Result<Validity, Invalid> {
        let to = match self.why {
            Retired::Ended => Some(self.to.unwrap_or_else(|| moment_in(current, now))),
            Retired::Wrong => current.to,
        };
        Validity { from: current.from, to, retired: Some(self.why), correction: false }.checked()
    }
}

impl Validity {
    /// Refuses an end before the start.
    pub fn checked(self) -> Result<Self, Invalid> {
        match (self.from, self.to) {
            (Some(from), Some(to)) if to.start() < from.start() && to.end() <= from.start() => {
                Err(Invalid::argument("valid_to", format!("must not be before valid_from, which is {from}")))
            }
            _ => Ok(self),
        }
    }
}

/// Now, or the start of a validity that begins later.
fn moment_in(current: &Validity, now: Timestamp) -> PartialDate {
    current.from.filter(|from| from.start() > now).unwrap_or_else(|| PartialDate::moment(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> PartialDate {
        PartialDate::parse(text).unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-27T12:00:00Z").unwrap()
    }

    fn known() -> Validity {
        Validity {
            from: Some(date("2024-06")),
            to: Some(date("2026")),
            retired: Some(Retired::Ended),
            correction: false,
        }
    }

    #[test]
    fn a_new_text_begins_now_and_ends_nowhere() {
        let next = ValidityPatch::default().apply(&known(), true, now()).unwrap();
        assert_eq!(next, Validity { from: Some(PartialDate::moment(now())), ..Validity::default() });
        let later = Validity { from: Some(date("2030")), ..Validity::default() };
        assert_eq!(ValidityPatch::default().apply(&later, true, now()).unwrap(), later);
    }

    #[test]
    fn a_correction_and_a_change_of_tags_keep_the_interval() {
        let correction = ValidityPatch { correction: true, ..ValidityPatch::default() };
        assert_eq!(correction.apply(&known(), true, now()).unwrap(), Validity { correction: true, ..known() });
        assert_eq!(ValidityPatch::default().apply(&known(), false, now()).unwrap(), known());
    }

    #[test]
    fn only_a_correction_goes_back() {
        for from in [Setting::Set(date("2020")), Setting::Clear] {
            let patch = ValidityPatch { from: Some(from), ..ValidityPatch::default() };
            assert_eq!(patch.apply(&known(), true, now()).unwrap_err().field, "valid_from");
            assert!(ValidityPatch { correction: true, ..patch }.apply(&known(), true, now()).is_ok());
        }
    }

    #[test]
    fn an_end_before_the_start_is_refused() {
        let patch = ValidityPatch { to: Some(Setting::Set(date("2023"))), ..ValidityPatch::default() };
        assert_eq!(patch.apply(&known(), false, now()).unwrap_err().field, "valid_to");
        let retirement = Retirement { why: Retired::Ended, to: Some(date("2024-05-31T23:59:59Z")) };
        assert_eq!(retirement.apply(&known(), now()).unwrap_err().field, "valid_to");
        let same_day = Retirement { why: Retired::Ended, to: Some(date("2024-06-01")) };
        assert!(same_day.apply(&known(), now()).is_ok());
    }

    #[test]
    fn a_cleared_end_takes_an_ended_memory_back() {
        let patch = ValidityPatch { to: Some(Setting::Clear), ..ValidityPatch::default() };
        let next = patch.apply(&known(), false, now()).unwrap();
        assert_eq!((next.to, next.retired), (None, None));
        let wrong = Validity { retired: Some(Retired::Wrong), ..known() };
        assert_eq!(patch.apply(&wrong, false, now()).unwrap().retired, Some(Retired::Wrong));
    }

    #[test]
    fn a_memory_is_retired_until_now_or_for_all_time() {
        let current = Validity { from: Some(date("2023")), ..Validity::default() };
        let ended = Retirement { why: Retired::Ended, to: None }.apply(&current, now()).unwrap();
        assert_eq!((ended.end(), ended.retired), (Some(now()), Some(Retired::Ended)));
        let wrong = Retirement { why: Retired::Wrong, to: None }.apply(&current, now()).unwrap();
        assert!(wrong.is_over(Timestamp::FIRST) && !current.is_over(Timestamp::LAST));
    }
}

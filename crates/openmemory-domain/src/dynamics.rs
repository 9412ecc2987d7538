//! How relevant is a memory now? Salience and feedback, which change with use and time without making a version.

use serde::{Deserialize, Serialize};

use super::{Invalid, Sectors, Timestamp};

/// What a user thinks of a memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Feedback {
    Positive,
    Negative,
    VeryNegative,
}

impl Feedback {
    pub const ALL: [Self; 3] = [Self::Positive, Self::Negative, Self::VeryNegative];
    pub const NAMES: [&str; 3] = [Self::Positive.name(), Self::Negative.name(), Self::VeryNegative.name()];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Positive => "POSITIVE",
            Self::Negative => "NEGATIVE",
            Self::VeryNegative => "VERY_NEGATIVE",
        }
    }

    pub fn read(field: &str, name: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|feedback| feedback.name() == name)
            .ok_or_else(|| Invalid::argument(field, "must be POSITIVE, NEGATIVE, VERY_NEGATIVE or null"))
    }
}

/// How much of the distance to 1 a memory's salience gains when a search returns it.
const RETRIEVAL_SHARE: f64 = 0.05;

/// A decay curve, stored as one of its points and its rate, and computed when read: neither reading nor waiting writes
/// anything.
///
/// Every point of a curve describes the same future, so an operation keeps the old `value` and moves `since` where it
/// can. A clock that was years ahead then causes no permanent loss: after its correction the value is still there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Salience {
    /// 0 to 1, reached at `since`.
    value: f64,
    since: Timestamp,
    decay_per_day: f64,
}

impl Salience {
    /// salience(t) = salience(since) · e^(−decay · days), 0 to 1.
    pub fn at(&self, now: Timestamp) -> f64 {
        self.value * (-self.decay_per_day * now.days_since(self.since)).exp()
    }

    /// An upper bound at any time, until something raises it.
    pub fn highest(&self) -> f64 {
        self.value
    }

    fn raised(&self, boost: f64, now: Timestamp) -> Self {
        let raised = (self.at(now) + boost).clamp(0.0, 1.0);
        let lost = if raised < self.value { (self.value / raised).ln() } else { 0.0 };
        Self { value: raised.max(self.value), ..*self }.falling(lost, now.max(self.since), self.decay_per_day)
    }

    fn moved_to(&self, decay_per_day: f64, now: Timestamp) -> Self {
        let lost = self.decay_per_day * now.days_since(self.since);
        self.falling(lost, now.max(self.since), decay_per_day)
    }

    /// The curve with this rate that has lost a factor of e^(−lost) by `now`. It starts at the moment at which it still
    /// had the current value, but not before the last `since`: at a slower rate the curve was lower than the value
    /// there.
    fn falling(&self, lost: f64, now: Timestamp, decay_per_day: f64) -> Self {
        let since = if lost > 0.0 { now.days_before(lost / decay_per_day).max(self.since) } else { now };
        // `since` is rounded to milliseconds; this keeps the value exact at `now`.
        let value = self.value * (decay_per_day * now.days_since(since) - lost).exp();
        Self { value, since, decay_per_day }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dynamics {
    salience: Salience,
    pub feedback: Option<Feedback>,
    pub feedback_reason: Option<String>,
}

impl Dynamics {
    /// A new memory starts at 0.4, plus 0.1 for each of its sectors, as in HMD v2.
    pub fn new(sectors: &Sectors, now: Timestamp) -> Self {
        Self::of((0.4 + 0.1 * sectors.as_slice().len() as f64).min(1.0), now, sectors)
    }

    /// A memory with salience `value` at `since`, which decays at the rate of its primary sector.
    pub fn of(value: f64, since: Timestamp, sectors: &Sectors) -> Self {
        let salience = Salience { value, since, decay_per_day: sectors.primary().decay_per_day() };
        Self { salience, feedback: None, feedback_reason: None }
    }

    pub fn salience(&self) -> Salience {
        self.salience
    }

    /// The stored point: a salience and its time.
    pub fn stored(&self) -> (f64, Timestamp) {
        (self.salience.value, self.salience.since)
    }

    pub fn decay_per_day(&self) -> f64 {
        self.salience.decay_per_day
    }

    #[must_use]
    pub fn judged(&self, feedback: Option<Feedback>, reason: Option<String>) -> Self {
        let feedback_reason = reason.filter(|_| feedback.is_some());
        Self { feedback, feedback_reason, ..self.clone() }
    }

    #[must_use]
    pub fn reinforced(&self, boost: f64, now: Timestamp) -> Self {
        Self { salience: self.salience.raised(boost, now), ..self.clone() }
    }

    /// After a search returned it: salience moves a fixed share of the distance to 1.
    #[must_use]
    pub fn recalled(&self, now: Timestamp) -> Self {
        self.reinforced(RETRIEVAL_SHARE * (1.0 - self.salience.at(now)), now)
    }

    /// After a change of the primary sector, salience continues from its current value at the new sector's rate.
    #[must_use]
    pub fn moved_to(&self, sectors: &Sectors, now: Timestamp) -> Self {
        Self { salience: self.salience.moved_to(sectors.primary().decay_per_day(), now), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Sector;
    use super::*;

    const DAY: i64 = 86_400_000;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_millis(days * DAY)
    }

    #[test]
    fn salience_decays_and_reading_it_changes_nothing() {
        let dynamics = Dynamics::new(&Sectors::new(Sector::Episodic, []), at(0));
        let after_ten = dynamics.salience().at(at(10));
        assert!((after_ten - 0.5 * (-0.15f64).exp()).abs() < 1e-12);
        assert_eq!(dynamics.salience().at(at(10)).to_bits(), after_ten.to_bits());
    }

    #[test]
    fn a_clock_that_jumps_back_does_not_raise_salience() {
        let dynamics = Dynamics::new(&Sectors::new(Sector::Emotional, []), at(10));
        assert!((dynamics.salience().at(at(0)) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn reinforcement_adds_and_stops_at_one() {
        let dynamics = Dynamics::new(&Sectors::new(Sector::Semantic, []), at(0)).reinforced(0.1, at(0));
        assert!((dynamics.salience().at(at(0)) - 0.6).abs() < 1e-12);
        assert!((dynamics.reinforced(1.0, at(0)).salience().at(at(0)) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_new_sector_keeps_the_current_salience() {
        let old = Dynamics::new(&Sectors::new(Sector::Emotional, []), at(0));
        let moved = old.moved_to(&Sectors::new(Sector::Reflective, []), at(30));
        assert!((moved.salience().at(at(30)) - old.salience().at(at(30))).abs() < 1e-12);
        assert!(moved.salience().at(at(60)) > old.salience().at(at(60)));
    }
}

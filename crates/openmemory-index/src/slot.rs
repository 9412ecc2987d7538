//! What does the index store of a memory besides its words and vectors?

use openmemory_domain::valid_time::Interval;
use openmemory_domain::when::Window;
use openmemory_domain::{ContentHash, Feedback, PartialDate, Salience, Shown, Timestamp, Validity};

use crate::score::Features;
use crate::sector_mask::SectorMask;

/// When what a memory with this validity tells happened, if that is known.
pub(super) fn happened(validity: &Validity) -> Option<Interval> {
    let from = validity.from?;
    let until = validity.to.map_or(from.end(), PartialDate::end);
    Some(Interval { start: Some(from.start()), end: Some(until) })
}

/// What the time at which a memory was told counts, compared with the time at which it happened.
const TOLD: f32 = 2.0 / 3.0;

/// A memory without its words and vectors.
pub(super) struct Slot {
    pub(super) number: u64,
    pub(super) content: ContentHash,
    pub(super) sectors: SectorMask,
    pub(super) created_at: Timestamp,
    /// [`Timestamp::LAST`] if it never expires.
    pub(super) expires_at: Timestamp,
    /// From when on it is retired or has ended; [`Timestamp::LAST`] if it is neither.
    pub(super) over_at: Timestamp,
    /// From its beginning to its end, or the year, month or day in which it began, if that is known.
    pub(super) happened: Option<Interval>,
    pub(super) run: Option<u32>,
    pub(super) is_question: bool,
    pub(super) salience: Salience,
    pub(super) feedback: Option<Feedback>,
}

impl Slot {
    /// An upper bound, at any time, of what salience and feedback add to the score.
    pub(super) fn dynamics_upper_bound(&self) -> f32 {
        Features::dynamics(self.salience.highest() as f32, self.feedback_value())
    }

    /// Whether it has expired or is over, and is not asked for.
    pub(super) fn is_hidden(&self, shown: Shown, now: Timestamp) -> bool {
        !shown.expired && self.expires_at <= now || !shown.retired && self.over_at <= now
    }

    /// The value of the time feature: how close it is to the time that the query asks about. When it was told says less than
    /// when it happened.
    pub(super) fn closeness(&self, window: &Window) -> f32 {
        match self.happened {
            Some(interval) => window.closeness(&interval),
            None => TOLD * window.closeness(&Interval { start: Some(self.created_at), end: Some(self.created_at) }),
        }
    }

    /// The value of the feedback feature.
    pub(super) fn feedback_value(&self) -> f32 {
        match self.feedback {
            None => 0.0,
            Some(Feedback::Positive) => 1.0,
            Some(Feedback::Negative) => -1.0,
            Some(Feedback::VeryNegative) => -2.0,
        }
    }
}

//! What does the index store of a memory besides its words and vectors?

use openmemory_domain::{ContentHash, Feedback, Salience, Shown, Timestamp};

use crate::score::Features;
use crate::sector_mask::SectorMask;

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

//! What is known of a memory besides its words and vectors?

use openmemory_domain::{ContentHash, Feedback, Salience, Timestamp};

use crate::score::Features;
use crate::sector_mask::SectorMask;

/// What is known of a memory besides its words and vectors.
pub(super) struct Slot {
    pub(super) number: u64,
    pub(super) content: ContentHash,
    pub(super) sectors: SectorMask,
    pub(super) created_at: Timestamp,
    /// The end of time where it never does.
    pub(super) expires_at: Timestamp,
    pub(super) run: Option<u32>,
    pub(super) is_question: bool,
    pub(super) salience: Salience,
    pub(super) feedback: Option<Feedback>,
}

impl Slot {
    /// No less than what salience and opinion add to its score at any time.
    pub(super) fn presence_upper_bound(&self) -> f32 {
        Features::presence(self.salience.highest() as f32, self.opinion())
    }

    /// What was thought of it, as a part of its score.
    pub(super) fn opinion(&self) -> f32 {
        match self.feedback {
            None => 0.0,
            Some(Feedback::Positive) => 1.0,
            Some(Feedback::Negative) => -1.0,
            Some(Feedback::VeryNegative) => -2.0,
        }
    }
}

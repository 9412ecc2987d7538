//! At which time is a store read? There are two: when something was true, and when the store was told.

use crate::{Shown, Timestamp, Version};

/// Neither: now, and all that is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PointInTime {
    /// What was true then.
    pub at: Option<Timestamp>,
    /// As far as the store had been told then.
    pub as_of: Option<Timestamp>,
}

impl PointInTime {
    pub fn is_now(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a version that was found at this point is left out. What was true at a time is shown, even if it has ended
    /// since.
    pub fn hides(&self, version: &Version, shown: Shown, now: Timestamp) -> bool {
        let shown = Shown { retired: shown.retired || self.at.is_some(), ..shown };
        version.is_hidden(shown, self.as_of.unwrap_or(now))
    }
}

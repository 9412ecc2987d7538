//! When was each version of a memory true? The interval of a version is
//!
//! > [its `valid_from`, the least of its `valid_to` and the `valid_from` of every later version),
//!
//! and a version that a later one corrects has none and bounds none. So the intervals of one memory never overlap.

use super::interval::Interval;
use crate::{ContentHash, Timestamp, Version};

/// A walk over the versions of a memory, newest first. To see what was known at a time, begin with the newest version of
/// that time.
#[derive(Debug, Default)]
pub struct Timeline {
    /// The least start of the versions walked over.
    until: Option<Timestamp>,
    newer: Option<Newer>,
}

/// The version walked over last.
#[derive(Debug)]
struct Newer {
    content: ContentHash,
    start: Option<Timestamp>,
    is_correction: bool,
    is_corrected: bool,
}

impl Timeline {
    /// The interval of the next version, which is older than all before.
    pub fn older(&mut self, version: &Version) -> Interval {
        let start = version.validity.start();
        let is_corrected = self.newer.as_ref().is_some_and(|newer| {
            // A version that changed only tags and metadata makes the same claim as the one before it.
            let is_same_claim = newer.content == version.content && newer.start == start;
            newer.is_correction || newer.is_corrected && is_same_claim
        });
        let is_correction = version.validity.correction;
        self.newer = Some(Newer { content: version.content, start, is_correction, is_corrected });
        if is_corrected {
            return Interval::EMPTY;
        }
        let end = least(version.validity.end(), self.until);
        self.until = least(self.until, Some(start.unwrap_or(Timestamp::FIRST)));
        Interval { start, end }
    }
}

fn least(one: Option<Timestamp>, two: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(two).min()
}

#[cfg(test)]
mod tests;

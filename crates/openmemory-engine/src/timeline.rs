//! Which version of a memory was true at a time, and which were before it? As the store has them.

use openmemory_calls::timeline;
use openmemory_domain::valid_time::{Interval, PointInTime};
use openmemory_domain::{ContentHash, Timestamp, Version};
use openmemory_rules::contract::EarlierText;
use openmemory_rules::{Error, Number, Rows};

use super::engine::Engine;

impl Engine {
    /// The version of a memory at a point in time; `None` if it has none there.
    pub(super) fn version_in(
        &self,
        number: Number,
        head: Version,
        point: &PointInTime,
    ) -> Result<Option<Version>, Error> {
        if point.is_now() {
            return Ok(Some(head));
        }
        timeline::version_in(self.known_versions(number, head, point.as_of), point)
    }

    /// The newest version with this text that was true at some time.
    pub(super) fn version_with_text(
        &self,
        number: Number,
        head: Version,
        text: ContentHash,
    ) -> Result<Option<Version>, Error> {
        timeline::version_with_text(self.known_versions(number, head, None), text)
    }

    /// The end of a version's interval.
    pub(super) fn until(
        &self,
        number: Number,
        head: Version,
        version: u64,
        as_of: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, Error> {
        timeline::until(self.known_versions(number, head, as_of), version)
    }

    /// At most `limit` different texts that were true before a version, newest first.
    pub(super) fn texts_before(
        &self,
        number: Number,
        head: Version,
        version: &Version,
        as_of: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<EarlierText>, Error> {
        let known = self.known_versions(number, head, as_of);
        timeline::texts_before(known, version, limit, |hash| self.store.content(number, hash))
    }

    /// The versions that were known at a time, newest first, each with the interval that was known then.
    fn known_versions(
        &self,
        number: Number,
        head: Version,
        as_of: Option<Timestamp>,
    ) -> impl Iterator<Item = Result<(Version, Interval), Error>> + '_ {
        let earlier = self.store.history(number, head.number).map(|version| version.map_err(Error::from));
        timeline::known_versions(head, earlier, as_of)
    }
}

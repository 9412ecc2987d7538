//! Which version of a memory was true at a time, and which were before it?

use openmemory_domain::valid_time::{Interval, PointInTime, Timeline};
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
        let mut known = self.known_versions(number, head, point.as_of);
        match point.at {
            None => known.next().map(|known| known.map(|(version, _)| version)).transpose(),
            Some(at) => {
                let holds = |known: &Result<(Version, Interval), Error>| {
                    known.as_ref().map_or(true, |(_, interval)| interval.holds(at))
                };
                known.find(holds).map(|known| known.map(|(version, _)| version)).transpose()
            }
        }
    }

    /// The newest version with this text that was true at some time.
    pub(super) fn version_with_text(
        &self,
        number: Number,
        head: Version,
        text: ContentHash,
    ) -> Result<Option<Version>, Error> {
        for known in self.known_versions(number, head, None) {
            let (version, interval) = known?;
            if version.content == text && !interval.is_empty() {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }

    /// The end of a version's interval.
    pub(super) fn until(
        &self,
        number: Number,
        head: Version,
        version: u64,
        as_of: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, Error> {
        for known in self.known_versions(number, head, as_of) {
            let (known, interval) = known?;
            if known.number == version {
                return Ok(interval.end);
            }
        }
        Ok(None)
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
        let mut texts = Vec::new();
        let mut newer: Option<Version> = None;
        let mut last = version.content;
        for known in self.known_versions(number, head, as_of) {
            let (earlier, interval) = known?;
            if let Some(newer) = &newer
                && earlier.number < version.number
                && earlier.content != last
                && !interval.is_empty()
            {
                last = earlier.content;
                let Some(content) = self.store.content(number, earlier.content)? else { break };
                texts.push(EarlierText {
                    version: earlier.number,
                    content,
                    valid_from: earlier.validity.from,
                    until: interval.end,
                    replaced_at: newer.updated_at,
                    reason: newer.provenance.reason.clone(),
                });
                if texts.len() == limit {
                    break;
                }
            }
            newer = Some(earlier);
        }
        Ok(texts)
    }

    /// The versions that were known at a time, newest first, each with the interval that was known then.
    fn known_versions(
        &self,
        number: Number,
        head: Version,
        as_of: Option<Timestamp>,
    ) -> impl Iterator<Item = Result<(Version, Interval), Error>> + '_ {
        let earlier = self.store.history(number, head.number).map(|version| version.map_err(Error::from));
        let mut timeline = Timeline::default();
        std::iter::once(Ok(head)).chain(earlier).filter_map(move |version| match version {
            Ok(version) if as_of.is_some_and(|as_of| version.updated_at > as_of) => None,
            Ok(version) => {
                let interval = timeline.older(&version);
                Some(Ok((version, interval)))
            }
            Err(error) => Some(Err(error)),
        })
    }
}

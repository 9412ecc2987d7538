//! Which version of a memory was true at a time, and which were before it?

use openmemory_domain::valid_time::{Interval, PointInTime, Timeline};
use openmemory_domain::{ContentHash, Timestamp, Version};
use openmemory_rules::Error;
use openmemory_rules::contract::EarlierText;

/// The versions that were known at a time, newest first, each with the interval that was known then. `earlier` are those
/// before the newest one, newest first.
pub fn known_versions(
    head: Version,
    earlier: impl Iterator<Item = Result<Version, Error>>,
    as_of: Option<Timestamp>,
) -> impl Iterator<Item = Result<(Version, Interval), Error>> {
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

/// The version at a point in time among those known then; `None` if there is none.
pub fn version_in(
    mut known: impl Iterator<Item = Result<(Version, Interval), Error>>,
    point: &PointInTime,
) -> Result<Option<Version>, Error> {
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
pub fn version_with_text(
    known: impl Iterator<Item = Result<(Version, Interval), Error>>,
    text: ContentHash,
) -> Result<Option<Version>, Error> {
    for known in known {
        let (version, interval) = known?;
        if version.content == text && !interval.is_empty() {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

/// The end of a version's interval.
pub fn until(
    known: impl Iterator<Item = Result<(Version, Interval), Error>>,
    version: u64,
) -> Result<Option<Timestamp>, Error> {
    for known in known {
        let (known, interval) = known?;
        if known.number == version {
            return Ok(interval.end);
        }
    }
    Ok(None)
}

/// At most `limit` different texts that were true before a version, newest first.
pub fn texts_before(
    known: impl Iterator<Item = Result<(Version, Interval), Error>>,
    version: &Version,
    limit: usize,
    content: impl Fn(ContentHash) -> Result<Option<String>, Error>,
) -> Result<Vec<EarlierText>, Error> {
    let mut texts = Vec::new();
    let mut newer: Option<Version> = None;
    let mut last = version.content;
    for known in known {
        let (earlier, interval) = known?;
        if let Some(newer) = &newer
            && earlier.number < version.number
            && earlier.content != last
            && !interval.is_empty()
        {
            last = earlier.content;
            let Some(content) = content(earlier.content)? else { break };
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

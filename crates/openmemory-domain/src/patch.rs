//! What does an update change? A pure function from one version to the next.

use serde_json::{Map, Value};
use thiserror::Error;

use super::valid_time::{Retirement, ValidityPatch};
use super::{Content, ContentHash, Event, Invalid, Provenance, Sectors, Tags, Timestamp, Validity, Version};

/// A change of an optional field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting<T> {
    Set(T),
    Clear,
}

/// The fields that an update changes; all others stay.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch {
    pub content: Option<Content>,
    /// Replaces all tags.
    pub tags: Option<Tags>,
    /// Merged into the metadata; `null` removes a field.
    pub metadata: Option<Map<String, Value>>,
    pub expires_at: Option<Setting<Timestamp>>,
    /// A corrected creation time.
    pub created_at: Option<Timestamp>,
    pub validity: ValidityPatch,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatchError {
    #[error("the memory is immutable; delete it and add a new one instead")]
    Immutable,
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl Patch {
    pub fn is_empty(&self) -> bool {
        self.validity.is_empty() && Self { validity: ValidityPatch::default(), ..self.clone() } == Self::default()
    }

    /// The version after `current`. `content` is the hash and the sectors of the patch's text, and is given exactly if
    /// the patch sets a text.
    pub fn apply(
        &self,
        current: &Version,
        content: Option<(ContentHash, Sectors)>,
        now: Timestamp,
        provenance: Provenance,
    ) -> Result<Version, PatchError> {
        let mut next = successor(current, now, provenance)?;
        let is_new_text = content.as_ref().is_some_and(|(hash, _)| *hash != current.content);
        next.validity = self.validity.apply(&current.validity, is_new_text, next.updated_at)?;
        if let Some((hash, classified)) = content {
            next.content = hash;
            next.classified = classified;
        }
        if let Some(tags) = &self.tags {
            next.tags = tags.clone();
        }
        if let Some(changes) = &self.metadata {
            next.metadata = current.metadata.merged("metadata", changes)?;
        }
        match self.expires_at {
            Some(Setting::Set(at)) => next.expires_at = Some(at),
            Some(Setting::Clear) => next.expires_at = None,
            None => {}
        }
        next.created_at = self.created_at.unwrap_or(current.created_at);
        Ok(next)
    }
}

/// The version after `current`, which says that the memory has ended or was wrong.
pub fn retire(
    current: &Version,
    retirement: Retirement,
    now: Timestamp,
    provenance: Provenance,
) -> Result<Version, PatchError> {
    let mut next = successor(current, now, provenance)?;
    next.validity = retirement.apply(&current.validity, next.updated_at)?;
    Ok(next)
}

/// The version after `current`, with the content, tags, metadata, expiry and validity of `earlier`.
pub fn restore(
    current: &Version,
    earlier: &Version,
    now: Timestamp,
    actor: Option<String>,
    reason: Option<String>,
) -> Result<Version, PatchError> {
    let event = Event::Restore { from: earlier.number };
    let next = successor(current, now, Provenance { event, actor, reason })?;
    Ok(Version {
        content: earlier.content,
        classified: earlier.classified.clone(),
        tags: earlier.tags.clone(),
        metadata: earlier.metadata.clone(),
        expires_at: earlier.expires_at,
        validity: Validity { correction: false, ..earlier.validity },
        ..next
    })
}

fn successor(current: &Version, now: Timestamp, provenance: Provenance) -> Result<Version, PatchError> {
    if current.immutable {
        return Err(PatchError::Immutable);
    }
    let updated_at = now.max(current.updated_at);
    Ok(Version { number: current.number + 1, updated_at, provenance, ..current.clone() })
}

#[cfg(test)]
mod tests;

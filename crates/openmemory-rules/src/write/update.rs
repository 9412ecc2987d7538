//! How does a commit apply an update? The patch applies to the version that is current inside the commit.

use openmemory_domain::request::Update;
use openmemory_domain::{Memory, MemoryId, Setting, Timestamp, Version};

use super::committed::{Committed, IndexChange};
use super::current::{check_version, classified, current, dynamics, memory};
use super::links::link_more;
use super::text::Text;
use crate::changes::Changes;
use crate::error::Error;
use crate::index_entry::IndexedText;
use crate::number::Number;

/// Applies an update. `text` is the content that it sets.
pub fn update(
    changes: &mut impl Changes,
    update: &Update,
    text: Option<&Text>,
    now: Timestamp,
) -> Result<Committed, Error> {
    let (number, head) = current(changes, &update.id)?;
    check_version(&update.id, &head, update.if_version)?;
    let (mut content, mut indexed) = (None, None);
    if let Some(text) = text {
        let mut classification = head.classified.clone();
        if text.hash != head.content {
            if text.embedding.is_some() {
                changes.put_content(number, text.hash, &text.content)?;
            }
            let text = text.indexed(changes, number, &head.scope)?;
            classification = classified(&text.embedding)?;
            indexed = Some(text);
        }
        content = Some((text.hash, classification));
    }
    let next = update
        .patch
        .apply(&head, content, now, update.provenance.clone())
        .map_err(|error| Error::of_patch(error, &update.id))?;
    let committed = replace(changes, number, &head, next, indexed, now)?;
    link_more(changes, number, text.map_or(&[], |text| &text.related), now)?;
    Ok(committed)
}

/// Changes when a memory expires, without a version: how long it is kept is no statement about what it says.
pub fn touch(
    changes: &mut impl Changes,
    id: &MemoryId,
    expires_at: Setting<Timestamp>,
    now: Timestamp,
) -> Result<Committed, Error> {
    let (number, head) = current(changes, id)?;
    if head.immutable {
        return Err(Error::Immutable { id: id.clone() });
    }
    let expires_at = match expires_at {
        Setting::Set(at) => Some(at),
        Setting::Clear => None,
    };
    let changed = head.expires_at != expires_at;
    let next = Version { expires_at, ..head.clone() };
    if changed {
        changes.amend(number, &head, &next)?;
    }
    let index_change = if changed { IndexChange::Labels } else { IndexChange::None };
    Ok(Committed { number, memory: memory(changes, number, next, now)?, index_change })
}

/// Makes `next` the newest version. `text` is its text if that is not the text of `head`.
pub(super) fn replace(
    changes: &mut impl Changes,
    number: Number,
    head: &Version,
    next: Version,
    text: Option<IndexedText>,
    now: Timestamp,
) -> Result<Committed, Error> {
    changes.replace(number, head, &next)?;
    if let Some(text) = &text {
        changes.put_indexed_text(number, &next.scope, text)?;
    }
    let (old, new) = (head.sectors(), next.sectors());
    let mut dynamics = dynamics(changes, number, &next.scope)?;
    if old.primary() != new.primary() {
        dynamics = dynamics.moved_to(&new, now);
        changes.put_dynamics(number, &next.scope, &dynamics)?;
    }
    let index_change = if let Some(text) = text {
        IndexChange::Document(text)
    } else if old != new || head.created_at != next.created_at {
        let text = changes.indexed_text(number, &next.scope)?;
        IndexChange::Document(text.ok_or(Error::Internal("a memory without its vectors"))?)
    } else if head.tags != next.tags || head.expires_at != next.expires_at || head.validity != next.validity {
        IndexChange::Labels
    } else {
        IndexChange::None
    };
    let content = changes.content(number, next.content)?.ok_or(Error::Internal("a memory without its text"))?;
    Ok(Committed { number, memory: Memory { version: next, content, dynamics, now }, index_change })
}

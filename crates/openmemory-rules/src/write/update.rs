//! How does a commit apply an update? The patch applies to the version that is current inside the commit.

use std::sync::Arc;

use openmemory_domain::request::Update;
use openmemory_domain::{Embedding, Memory, Timestamp, Version};

use super::committed::{Committed, IndexChange};
use super::current::{check_version, classified, current, dynamics, known_embedding};
use super::links::link_more;
use super::text::Text;
use crate::changes::Changes;
use crate::error::Error;
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
    let (mut content, mut fresh) = (None, None);
    if let Some(text) = text {
        let classified = match &text.embedding {
            _ if text.hash == head.content => head.classified.clone(),
            Some(embedding) => {
                changes.put_content(number, text.hash, &text.content)?;
                changes.put_embedding(number, text.hash, embedding)?;
                fresh = Some(Arc::clone(embedding));
                classified(embedding)?
            }
            None => classified(&known_embedding(changes, number, text.hash)?)?,
        };
        content = Some((text.hash, classified));
    }
    let next = update
        .patch
        .apply(&head, content, now, update.provenance.clone())
        .map_err(|error| Error::of_patch(error, &update.id))?;
    let committed = replace(changes, number, &head, next, fresh, now)?;
    link_more(changes, number, text.map_or(&[], |text| &text.related), now)?;
    Ok(committed)
}

/// Makes `next` the newest version. `vectors` are those of its text, if the caller has them.
pub(super) fn replace(
    changes: &mut impl Changes,
    number: Number,
    head: &Version,
    next: Version,
    vectors: Option<Arc<Embedding>>,
    now: Timestamp,
) -> Result<Committed, Error> {
    changes.replace(number, head, &next)?;
    let (old, new) = (head.sectors(), next.sectors());
    let mut dynamics = dynamics(changes, number)?;
    if old.primary() != new.primary() {
        dynamics = dynamics.moved_to(&new, now);
        changes.put_dynamics(number, &dynamics)?;
    }
    let index_change = if head.content != next.content || old != new || head.created_at != next.created_at {
        let known = || known_embedding(changes, number, next.content).map(Arc::new);
        IndexChange::Document(vectors.map_or_else(known, Ok)?)
    } else if head.tags != next.tags || head.expires_at != next.expires_at {
        IndexChange::Labels
    } else {
        IndexChange::None
    };
    let content = changes.content(number, next.content)?.ok_or(Error::Internal("a memory without its text"))?;
    Ok(Committed { number, memory: Memory { version: next, content, dynamics, now }, index_change })
}

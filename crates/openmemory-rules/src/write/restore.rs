//! How does an earlier version become current again? Through a new version that copies it.

use openmemory_domain::request::Restore;
use openmemory_domain::{Timestamp, patch};

use super::committed::Committed;
use super::current::{check_version, classified, current};
use super::text::Text;
use super::update::replace;
use crate::changes::Changes;
use crate::error::Error;

/// Makes a copy of an earlier version the newest version. `text` is that of the earlier version.
pub fn restore(
    changes: &mut impl Changes,
    restore: &Restore,
    text: Option<&Text>,
    now: Timestamp,
) -> Result<Committed, Error> {
    let (number, head) = current(changes, &restore.id)?;
    check_version(&restore.id, &head, restore.if_version)?;
    let earlier = match restore.version {
        version if version == head.number => head.clone(),
        version => {
            changes.earlier(number, version)?.ok_or_else(|| Error::NoVersion { id: restore.id.clone(), version })?
        }
    };
    let provenance = restore.provenance.clone();
    let mut next = patch::restore(&head, &earlier, now, provenance.actor, provenance.reason)
        .map_err(|error| Error::of_patch(error, &restore.id))?;
    if next.content == head.content {
        return replace(changes, number, &head, next, None, now);
    }
    let text = text.ok_or(Error::Internal("a version without its text"))?;
    let text = text.indexed(changes, number, &head.scope)?;
    next.classified = classified(&text.embedding)?;
    replace(changes, number, &head, next, Some(text), now)
}

//! How do memories that say the same become one? One of them gets what the others add, and the others are retired.

use openmemory_domain::request::Merge;
use openmemory_domain::{Invalid, Tags, Timestamp};

use super::committed::Committed;
use super::current::current;
use super::retire::retire;
use super::text::Text;
use super::update::update;
use crate::changes::Changes;
use crate::error::Error;

/// The memory that stays, and those that are retired. `text` is the content that the memory gets that stays.
pub fn merge(
    changes: &mut impl Changes,
    request: &Merge,
    text: Option<&Text>,
    now: Timestamp,
) -> Result<(Committed, Vec<Committed>), Error> {
    let (_, head) = current(changes, &request.into.id)?;
    let mut tags: Tags = head.tags.clone();
    for other in &request.from {
        let (_, other) = current(changes, &other.id)?;
        if other.scope.user_id != head.scope.user_id {
            let message = format!("{} is a memory of another user than {}", other.id, head.id);
            return Err(Invalid::argument("from", message).into());
        }
        tags = tags.joined("tags", &other.tags)?;
    }
    let mut into = request.into.clone();
    into.patch.tags.get_or_insert(tags);
    let kept = update(changes, &into, text, now)?;
    let retired = request.from.iter().map(|other| retire(changes, other, now)).collect::<Result<_, _>>()?;
    Ok((kept, retired))
}

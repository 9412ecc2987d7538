//! Which memories belong together? Links to the most similar ones of the same user, made when a memory is added.
//!
//! Updates leave them as they are, and a new text may add some where there are few; deleting either end takes them away.

use serde::Serialize;

use super::error::Error;
use super::open::Engine;
use super::vectors::foreign_dimensions;
use openmemory_domain::request::ById;
use openmemory_domain::{Embedding, MemoryId, Scope, Timestamp};
use openmemory_storage::{Number, Records, Transaction, Waypoint};

/// Links that a memory gets at most by its own texts.
const LINKS: usize = 3;
/// The similarity below which memories are not linked.
const SIMILAR: f32 = 0.6;

/// A memory that another will be linked to.
#[derive(Clone)]
pub(super) struct Related {
    number: Number,
    weight: f32,
}

/// A link as a caller sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Link {
    /// The memory at the other end.
    pub id: String,
    /// 0 to 1.
    pub weight: f32,
    pub created_at: String,
    pub updated_at: String,
}

impl Engine {
    /// The links of a memory, the strongest first.
    pub fn waypoints(&self, request: &ById) -> Result<Vec<Link>, Error> {
        let number = self.store.number(&request.id)?.ok_or_else(|| self.not_found(&request.id))?;
        let mut links = Vec::new();
        for (other, waypoint) in self.store.waypoints(number)? {
            if let Some(head) = self.store.head(other)? {
                links.push(Link {
                    id: head.id.to_string(),
                    weight: waypoint.weight,
                    created_at: waypoint.created_at.to_string(),
                    updated_at: waypoint.updated_at.to_string(),
                });
            }
        }
        links.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.id.cmp(&b.id)));
        Ok(links)
    }

    /// The memories of the same user that say something similar.
    pub(super) fn related(&self, scope: &Scope, embedding: &Embedding) -> Result<Vec<Related>, Error> {
        let Some(index) = self.vectors.index() else { return Ok(Vec::new()) };
        let near =
            index.nearest(scope.user_id.as_deref(), embedding.whole(), LINKS, SIMILAR).map_err(foreign_dimensions)?;
        Ok(near
            .into_iter()
            .map(|(number, cosine)| Related { number: Number(number), weight: cosine.min(1.0) })
            .collect())
    }
}

impl Engine {
    /// The memories that a new text of memory `id` may link it to: none where it has enough links.
    pub(super) fn more_related(&self, id: &MemoryId, embedding: &Embedding) -> Result<Vec<Related>, Error> {
        let Some(number) = self.store.number(id)? else { return Ok(Vec::new()) };
        let Some(head) = self.store.head(number)? else { return Ok(Vec::new()) };
        if self.store.waypoints(number)?.len() >= LINKS {
            return Ok(Vec::new());
        }
        let mut related = self.related(&head.scope, embedding)?;
        // It may be nearest to what it says until now.
        related.retain(|other| other.number != number);
        Ok(related)
    }
}

/// Links a memory whose text has changed to those of `related` that are still there, as far as there is room.
pub(super) fn link_more(
    transaction: &mut Transaction<'_>,
    number: Number,
    related: &[Related],
    now: Timestamp,
) -> Result<(), Error> {
    if related.is_empty() {
        return Ok(());
    }
    let known: Vec<Number> = transaction.waypoints(number)?.into_iter().map(|(other, _)| other).collect();
    let new = related.iter().filter(|other| !known.contains(&other.number)).cloned();
    let new: Vec<Related> = new.take(LINKS.saturating_sub(known.len())).collect();
    link(transaction, number, &new, now)
}

/// Links a memory to those of `related` that are still there.
pub(super) fn link(
    transaction: &mut Transaction<'_>,
    number: Number,
    related: &[Related],
    now: Timestamp,
) -> Result<(), Error> {
    for other in related {
        if transaction.head(other.number)?.is_some() {
            let waypoint = Waypoint { weight: other.weight, created_at: now, updated_at: now };
            transaction.link(number, other.number, &waypoint)?;
        }
    }
    Ok(())
}

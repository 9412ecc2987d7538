//! Which memories are linked? Adding a memory links it to the most similar memories of the same user.
//!
//! Updates keep existing links, and a new text adds links if there are few. Deleting either end removes a link.

use openmemory_rules::contract::Link;

use super::engine::Engine;
use openmemory_domain::request::ById;
use openmemory_domain::{Embedding, MemoryId, Scope};
use openmemory_rules::write::links::{MAX_OWN_LINKS, MIN_SIMILARITY, Related};
use openmemory_rules::{Error, Number, Rows};

impl Engine {
    /// The links of a memory, strongest first.
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

    /// The most similar memories of the same user.
    pub(super) fn related(&self, scope: &Scope, embedding: &Embedding) -> Result<Vec<Related>, Error> {
        let (user, whole) = (scope.user_id.as_deref(), embedding.whole().to_numbers());
        let near = self.partitions.nearest(&self.store, user, &whole, MAX_OWN_LINKS, MIN_SIMILARITY)?;
        Ok(near
            .into_iter()
            .map(|(number, cosine)| Related { number: Number(number), weight: cosine.min(1.0) })
            .collect())
    }

    /// Candidates for further links of memory `id` with a new text; none if it has enough links.
    pub(super) fn more_related(&self, id: &MemoryId, embedding: &Embedding) -> Result<Vec<Related>, Error> {
        let Some(number) = self.store.number(id)? else { return Ok(Vec::new()) };
        let Some(head) = self.store.head(number)? else { return Ok(Vec::new()) };
        if self.store.waypoints(number)?.len() >= MAX_OWN_LINKS {
            return Ok(Vec::new());
        }
        let mut related = self.related(&head.scope, embedding)?;
        // The most similar text may be the memory's own current one.
        related.retain(|other| other.number != number);
        Ok(related)
    }
}

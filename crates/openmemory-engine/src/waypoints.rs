//! Which memories belong together? Links to the most similar ones of the same user, made when a memory is added.
//!
//! Updates leave them as they are, and a new text may add some where there are few; deleting either end takes them away.

use openmemory_rules::contract::Link;

use super::engine::Engine;
use super::index_state::foreign_dimensions;
use openmemory_domain::request::ById;
use openmemory_domain::{Embedding, MemoryId, Scope};
use openmemory_rules::write::links::{MAX_OWN_LINKS, MIN_SIMILARITY, Related};
use openmemory_rules::{Error, Number, Rows};

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
        let Some(index) = self.index.index() else { return Ok(Vec::new()) };
        let near = index
            .nearest(scope.user_id.as_deref(), embedding.whole(), MAX_OWN_LINKS, MIN_SIMILARITY)
            .map_err(foreign_dimensions)?;
        Ok(near
            .into_iter()
            .map(|(number, cosine)| Related { number: Number(number), weight: cosine.min(1.0) })
            .collect())
    }

    /// The memories that a new text of memory `id` may link it to: none where it has enough links.
    pub(super) fn more_related(&self, id: &MemoryId, embedding: &Embedding) -> Result<Vec<Related>, Error> {
        let Some(number) = self.store.number(id)? else { return Ok(Vec::new()) };
        let Some(head) = self.store.head(number)? else { return Ok(Vec::new()) };
        if self.store.waypoints(number)?.len() >= MAX_OWN_LINKS {
            return Ok(Vec::new());
        }
        let mut related = self.related(&head.scope, embedding)?;
        // It may be nearest to what it says until now.
        related.retain(|other| other.number != number);
        Ok(related)
    }
}

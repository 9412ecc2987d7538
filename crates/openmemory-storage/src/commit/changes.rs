//! Which rows change together? Each change of a memory with all the state that follows from it.

use crate::commit::transaction::Transaction;
use crate::error::StorageError;
use crate::rows::keys::{self, Number};
use crate::rows::records::{self, COUNTERS, Counters, Records, Reindex, Tombstone, Waypoint};
use openmemory_domain::{Content, ContentHash, Dynamics, Embedding, MemoryId, ModelIdentity, TextKey, Version};

/// Links that a memory keeps: all of them are read and written together.
pub(crate) const MAX_LINKS: usize = 64;

impl Transaction<'_> {
    /// Puts a new memory with its text and says its number.
    pub fn insert(
        &mut self,
        version: &Version,
        content: &Content,
        dynamics: &Dynamics,
    ) -> Result<Number, StorageError> {
        let counters = self.counters()?;
        if counters.memories == 0 {
            self.put(&records::texts_key(), &())?;
        }
        let number = Number(counters.next_number);
        self.put_counters(Counters { next_number: number.0 + 1, memories: counters.memories + 1 })?;
        self.put(&keys::id(&version.id), &number)?;
        self.remove(&keys::tombstone(&version.id))?;
        self.put(&keys::head(number), version)?;
        self.put(&keys::dynamics(number), dynamics)?;
        self.mark(keys::created(version.created_at, number));
        self.mark(keys::updated(version.updated_at, number));
        for (field, value) in version.scope.fields() {
            if let Some(value) = value {
                self.mark(keys::scope(field, value, version.created_at, number));
            }
        }
        for tag in version.tags.distinct() {
            self.mark(keys::tag(tag, version.created_at, number));
        }
        self.put_content(number, version.content, content)?;
        self.mark(keys::text(TextKey::of(&version.scope, content.as_str()), number));
        Ok(number)
    }

    /// Makes `next` the newest version; the one before goes into the history as it is.
    pub fn replace(&mut self, number: Number, current: &Version, next: &Version) -> Result<(), StorageError> {
        self.put(&keys::history(number, current.number), current)?;
        self.put(&keys::head(number), next)?;
        if current.content != next.content {
            self.unmark_text(number, current)?;
            self.mark_text(number, next)?;
        }
        if current.updated_at != next.updated_at {
            self.unmark(keys::updated(current.updated_at, number));
            self.mark(keys::updated(next.updated_at, number));
        }
        if current.created_at != next.created_at {
            self.move_created(number, current, next);
        } else if current.tags != next.tags {
            let (old, new) = (current.tags.distinct(), next.tags.distinct());
            for tag in old.difference(&new) {
                self.unmark(keys::tag(tag, current.created_at, number));
            }
            for tag in new.difference(&old) {
                self.mark(keys::tag(tag, current.created_at, number));
            }
        }
        Ok(())
    }

    /// Makes sure that every memory is found by its text.
    pub fn index_texts(&mut self) -> Result<(), StorageError> {
        if self.finds_texts()? {
            return Ok(());
        }
        for (key, _) in self.raw_with_prefix(&keys::heads_prefix())? {
            if let Some(number) = keys::trailing_number(&key)
                && let Some(head) = self.head(number)?
            {
                self.mark_text(number, &head)?;
            }
        }
        self.put(&records::texts_key(), &())
    }

    fn mark_text(&mut self, number: Number, version: &Version) -> Result<(), StorageError> {
        if let Some(text) = self.content(number, version.content)? {
            self.mark(keys::text(TextKey::of(&version.scope, &text), number));
        }
        Ok(())
    }

    fn unmark_text(&mut self, number: Number, version: &Version) -> Result<(), StorageError> {
        if let Some(text) = self.content(number, version.content)? {
            self.unmark(keys::text(TextKey::of(&version.scope, &text), number));
        }
        Ok(())
    }

    pub fn put_content(&mut self, number: Number, hash: ContentHash, content: &Content) -> Result<(), StorageError> {
        self.put_payload(&keys::content(number, hash), content.as_str().as_bytes())
    }

    pub fn put_embedding(
        &mut self,
        number: Number,
        hash: ContentHash,
        embedding: &Embedding,
    ) -> Result<(), StorageError> {
        self.put(&keys::embedding(number, hash), embedding)
    }

    pub fn put_dynamics(&mut self, number: Number, dynamics: &Dynamics) -> Result<(), StorageError> {
        self.put(&keys::dynamics(number), dynamics)
    }

    /// Links two memories, both ways; a memory that has too many links then loses its weakest.
    pub fn link(&mut self, one: Number, other: Number, waypoint: &Waypoint) -> Result<(), StorageError> {
        for (from, to) in [(one, other), (other, one)] {
            let mut links = self.waypoints(from)?;
            match links.binary_search_by_key(&to, |(number, _)| *number) {
                Ok(at) => links[at].1 = waypoint.clone(),
                Err(at) => links.insert(at, (to, waypoint.clone())),
            }
            self.put_waypoints(from, &links)?;
        }
        for number in [one, other] {
            let links = self.waypoints(number)?;
            if links.len() > MAX_LINKS
                && let Some((lost, _)) = links.iter().min_by(|(_, a), (_, b)| a.weight.total_cmp(&b.weight))
            {
                self.forget_link(number, *lost)?;
                self.forget_link(*lost, number)?;
            }
        }
        Ok(())
    }

    /// Takes a link out of the row of one of its ends.
    fn forget_link(&mut self, from: Number, to: Number) -> Result<(), StorageError> {
        let mut links = self.waypoints(from)?;
        links.retain(|(number, _)| *number != to);
        self.put_waypoints(from, &links)
    }

    fn put_waypoints(&mut self, number: Number, links: &[(Number, Waypoint)]) -> Result<(), StorageError> {
        let key = keys::waypoints(number);
        if links.is_empty() { self.remove(&key) } else { self.put(&key, &links) }
    }

    /// Takes away everything of a memory but a tombstone.
    pub fn delete(&mut self, number: Number, head: &Version, tombstone: &Tombstone) -> Result<(), StorageError> {
        for (other, _) in self.waypoints(number)? {
            self.forget_link(other, number)?;
        }
        self.unmark_text(number, head)?;
        for prefix in keys::prefixes_of(number) {
            for (key, _) in self.raw_with_prefix(&prefix)? {
                self.remove(&key)?;
            }
        }
        self.unmark(keys::created(head.created_at, number));
        self.unmark(keys::updated(head.updated_at, number));
        for (field, value) in head.scope.fields() {
            if let Some(value) = value {
                self.unmark(keys::scope(field, value, head.created_at, number));
            }
        }
        for tag in head.tags.distinct() {
            self.unmark(keys::tag(tag, head.created_at, number));
        }
        self.remove(&keys::id(&head.id))?;
        self.put_tombstone(&head.id, tombstone)?;
        let counters = self.counters()?;
        self.put_counters(Counters { memories: counters.memories.saturating_sub(1), ..counters })
    }

    /// Notes that a memory was deleted.
    pub fn put_tombstone(&mut self, id: &MemoryId, tombstone: &Tombstone) -> Result<(), StorageError> {
        self.put(&keys::tombstone(id), tombstone)
    }

    /// Names the model of the store's vectors; a change of model that was under way is over.
    pub fn put_model(&mut self, model: &ModelIdentity) -> Result<(), StorageError> {
        self.remove(&records::reindex_key())?;
        self.put(&records::model_key(), model)
    }

    pub fn put_reindex(&mut self, reindex: &Reindex) -> Result<(), StorageError> {
        self.put(&records::reindex_key(), reindex)
    }

    /// Keeps a record about the whole store: the vectors of the sectors' prototypes.
    pub fn put_prototypes<T: serde::Serialize>(&mut self, prototypes: &T) -> Result<(), StorageError> {
        self.put(&records::prototypes_key(), prototypes)
    }

    fn counters(&self) -> Result<Counters, StorageError> {
        Ok(self.record(&keys::meta(COUNTERS))?.unwrap_or_default())
    }

    fn put_counters(&mut self, counters: Counters) -> Result<(), StorageError> {
        self.put(&keys::meta(COUNTERS), &counters)
    }
}

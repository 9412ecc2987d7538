//! Which rows change together? Each change of a memory with all the state that follows from it.

use openmemory_domain::{Content, ContentHash, Dynamics, Embedding, MemoryId, ModelIdentity, TextKey, Version};
use openmemory_rules::{Changes, Error, Number, Reindex, Tombstone, Waypoint};

use crate::commit::transaction::Transaction;
use crate::error::StorageError;
use crate::rows::keys;
use crate::rows::records::{self, COUNTERS, Counters, Records};

impl Changes for Transaction<'_> {
    fn attempt<T, E>(&mut self, piece: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.undo_on_error(piece)
    }

    fn insert(&mut self, version: &Version, content: &Content, dynamics: &Dynamics) -> Result<Number, Error> {
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

    fn replace(&mut self, number: Number, current: &Version, next: &Version) -> Result<(), Error> {
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

    fn delete(&mut self, number: Number, head: &Version, tombstone: &Tombstone) -> Result<(), Error> {
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
        Ok(self.put_counters(Counters { memories: counters.memories.saturating_sub(1), ..counters })?)
    }

    fn put_content(&mut self, number: Number, hash: ContentHash, content: &Content) -> Result<(), Error> {
        Ok(self.put_payload(&keys::content(number, hash), content.as_str().as_bytes())?)
    }

    fn put_embedding(&mut self, number: Number, hash: ContentHash, embedding: &Embedding) -> Result<(), Error> {
        Ok(self.put(&keys::embedding(number, hash), embedding)?)
    }

    fn put_dynamics(&mut self, number: Number, dynamics: &Dynamics) -> Result<(), Error> {
        Ok(self.put(&keys::dynamics(number), dynamics)?)
    }

    fn put_waypoints(&mut self, number: Number, links: &[(Number, Waypoint)]) -> Result<(), Error> {
        let key = keys::waypoints(number);
        let written = if links.is_empty() { self.remove(&key) } else { self.put(&key, &links) };
        Ok(written?)
    }

    fn put_tombstone(&mut self, id: &MemoryId, tombstone: &Tombstone) -> Result<(), Error> {
        Ok(self.put(&keys::tombstone(id), tombstone)?)
    }

    fn put_model(&mut self, model: &ModelIdentity) -> Result<(), Error> {
        self.remove(&records::reindex_key())?;
        Ok(self.put(&records::model_key(), model)?)
    }

    fn put_reindex(&mut self, reindex: &Reindex) -> Result<(), Error> {
        Ok(self.put(&records::reindex_key(), reindex)?)
    }

    fn index_texts(&mut self) -> Result<(), Error> {
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
        Ok(self.put(&records::texts_key(), &())?)
    }
}

impl Transaction<'_> {
    /// Keeps a record about the whole store: the vectors of the sectors' prototypes.
    pub fn put_prototypes<T: serde::Serialize>(&mut self, prototypes: &T) -> Result<(), StorageError> {
        self.put(&records::prototypes_key(), prototypes)
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

    fn counters(&self) -> Result<Counters, StorageError> {
        Ok(self.record(&keys::meta(COUNTERS))?.unwrap_or_default())
    }

    fn put_counters(&mut self, counters: Counters) -> Result<(), StorageError> {
        self.put(&keys::meta(COUNTERS), &counters)
    }
}

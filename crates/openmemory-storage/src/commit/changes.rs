//! Which rows change together? Each change of a memory with all the state that follows from it.

use std::sync::Arc;

use openmemory_domain::{Content, ContentHash, Dynamics, MemoryId, ModelIdentity, Scope, TextKey, Version};
use openmemory_rules::{Changes, Error, IndexedText, Labels, Number, Reindex, Tombstone, Waypoint, Words};

use crate::commit::transaction::Transaction;
use crate::error::StorageError;
use crate::rows::format1::{self, Indexed};
use crate::rows::keys::{self, IndexedKind};
use crate::rows::records::{self, COUNTERS, Counters, Records};
use crate::store::upgrade::{Unindexed, intact};

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
        self.begin_memory(number);
        self.put(&keys::head(number), version)?;
        self.put(&indexed(&version.scope, number, IndexedKind::Dynamics), dynamics)?;
        self.put(&indexed(&version.scope, number, IndexedKind::Labels), &Labels::of(version))?;
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
        self.amend(number, current, next)?;
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

    fn amend(&mut self, number: Number, current: &Version, next: &Version) -> Result<(), Error> {
        self.put(&keys::head(number), next)?;
        let labels = Labels::of(next);
        if labels != Labels::of(current) {
            self.put(&indexed(&next.scope, number, IndexedKind::Labels), &labels)?;
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
        for kind in IndexedKind::ALL {
            self.remove(&indexed(&head.scope, number, kind))?;
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

    fn put_indexed_text(&mut self, number: Number, scope: &Scope, text: &IndexedText) -> Result<(), Error> {
        if let Some(replaced) = Records::indexed_text(self, number, scope)?
            && replaced.content != text.content
        {
            // They may be of a former model, if the text was replaced before.
            let kept = Records::replaced_embedding(self, number, replaced.content)?;
            if kept.is_none_or(|kept| kept.model != replaced.embedding.model) {
                self.put(&keys::replaced_embedding(number, replaced.content), &*replaced.embedding)?;
            }
        }
        // The first memory of a store.
        if self.counters()?.memories == 1 && self.raw(&format1::indexed_key())?.is_none() {
            self.put_indexed(&Indexed { words: text.words.version(), next: None })?;
        }
        let payload = records::encode_indexed_text(text)?;
        Ok(self.put_payload(&indexed(scope, number, IndexedKind::Text), &payload)?)
    }

    fn put_dynamics(&mut self, number: Number, scope: &Scope, dynamics: &Dynamics) -> Result<(), Error> {
        Ok(self.put(&indexed(scope, number, IndexedKind::Dynamics), dynamics)?)
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

fn indexed(scope: &Scope, number: Number, kind: IndexedKind) -> Vec<u8> {
    keys::indexed(scope.user_id.as_deref(), number, kind)
}

impl Transaction<'_> {
    /// Records how far the store has the rows that the index needs.
    pub fn put_indexed(&mut self, indexed: &Indexed) -> Result<(), StorageError> {
        self.put(&format1::indexed_key(), indexed)
    }

    /// Gives a memory the rows of this format, and removes those of format 1.
    pub fn upgrade(&mut self, memory: &Unindexed, words: &Words) -> Result<(), Error> {
        let Unindexed { number, head, embedding, .. } = memory;
        if let Some(dynamics) = intact(format1::dynamics(self, *number))? {
            self.put_dynamics(*number, &head.scope, &dynamics)?;
            self.remove(&format1::dynamics_key(*number))?;
        }
        self.put(&indexed(&head.scope, *number, IndexedKind::Labels), &Labels::of(head))?;
        for (key, _) in self.raw_with_prefix(&format1::embeddings_prefix(*number))? {
            if let Some(hash) = format1::text_of(&key).filter(|hash| *hash != head.content)
                && let Some(replaced) = intact(format1::embedding(self, *number, hash))?
            {
                self.put(&keys::replaced_embedding(*number, hash), &replaced)?;
            }
            self.remove(&key)?;
        }
        if let Some(embedding) = embedding {
            let text = IndexedText { content: head.content, words: words.clone(), embedding: Arc::clone(embedding) };
            self.put_indexed_text(*number, &head.scope, &text)?;
        }
        Ok(())
    }

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

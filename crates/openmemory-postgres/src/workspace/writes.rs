//! The changes that the rules make. They are recorded, and undone where a part of the work fails.

use openmemory_domain::{Content, ContentHash, Dynamics, Embedding, MemoryId, ModelIdentity, Scope, TextKey, Version};
use openmemory_rules::{Changes, Error, IndexedText, Number, Reindex, Rows, Tombstone, Waypoint};
use serde::Serialize;

use super::key::{Bytes, Key, MODEL, Place, REINDEX};
use super::recorded::{Event, Undo};
use super::unit::Workspace;
use crate::rows::{self, DELETED, SIGNAL, STORED, encode};

impl Workspace<'_> {
    pub(crate) fn put(&mut self, key: Key, value: Bytes) {
        let before = self.rows.borrow_mut().insert(key.clone(), value);
        let was_changed = self.changed.known.contains(&key);
        self.changed.insert(key.clone());
        self.undo.push(Undo { key, before, was_changed });
    }

    fn put_record<T: Serialize>(&mut self, key: Key, record: &T) {
        self.put(key, Some(encode(record).into()));
    }

    fn happened(&mut self, number: u64, version: &Version, kind: i16) {
        let Some(scope) = self.scope_of(number) else { return };
        if kind == SIGNAL && self.events.iter().rev().any(|event| event.number == number) {
            return;
        }
        let owner = (kind == DELETED).then(|| encode(&version.scope));
        let (id, version) = (version.id.clone(), version.number);
        self.events.push(Event { scope, number, id, version, kind, owner });
    }

    fn count(&mut self, number: u64, by: i64) {
        if let Some(scope) = self.scope_of(number) {
            self.memories.push((scope, by));
        }
    }

    fn check_model(&self, embedding: &Embedding) -> Result<(), Error> {
        let Some(embedder) = self.embedder.filter(|embedder| embedder.tag() == embedding.model) else { return Ok(()) };
        match self.model()? {
            Some(stored) if stored != *embedder => match self.reindex()? {
                Some(reindex) if reindex.target == *embedder => Ok(()),
                _ => Err(Error::ModelMismatch { stored, embedder: embedder.clone() }),
            },
            _ => Ok(()),
        }
    }
}

impl Changes for Workspace<'_> {
    fn attempt<T, E>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let undo = self.undo.len();
        let (texts, events) = (self.texts.len(), self.events.len());
        let (memories, deleted) = (self.memories.len(), self.deleted.len());
        let inserted = self.inserted.len();
        let result = work(self);
        if result.is_err() {
            for Undo { key, before, was_changed } in self.undo.drain(undo..).rev() {
                if !was_changed {
                    self.changed.remove(&key);
                }
                match before {
                    Some(before) => self.rows.get_mut().insert(key, before),
                    None => self.rows.get_mut().remove(&key),
                };
            }
            self.texts.truncate(texts);
            self.events.truncate(events);
            self.memories.truncate(memories);
            self.deleted.truncate(deleted);
            self.inserted.truncate(inserted);
        }
        result
    }

    fn insert(&mut self, version: &Version, content: &Content, dynamics: &Dynamics) -> Result<Number, Error> {
        if self.numbers.is_empty() {
            let rows = self.session.query(rows::NUMBERS, &[&16_i32])?;
            self.numbers = rows.iter().rev().map(|row| row.get::<_, i64>(0) as u64).collect();
        }
        let number = self.numbers.pop().ok_or(Error::Internal("no number for a memory"))?;
        let scope = self.locked_scope_of(&version.scope)?;
        self.know_scope(Number(number), scope);
        let place = Place { scope: Some(scope), number: Some(number), tombstone: None };
        // Reads whether the id has a row.
        self.place(&version.id)?;
        self.put_record(Key::Id(version.id.clone()), &place);
        // No row has the new number.
        self.know(Key::Waypoints(number), None);
        self.know(Key::Sources(number), None);
        self.know(Key::Entry(number), None);
        self.know(Key::Head(number), None);
        self.put_record(Key::Head(number), version);
        self.put_record(Key::Dynamics(number), dynamics);
        self.put_content(Number(number), version.content, content)?;
        self.texts.push((number, Some(*TextKey::of(&version.scope, content.as_str()).as_bytes())));
        self.inserted.push(number);
        self.count(number, 1);
        self.happened(number, version, STORED);
        Ok(Number(number))
    }

    fn replace(&mut self, number: Number, current: &Version, next: &Version) -> Result<(), Error> {
        self.put_record(Key::Earlier(number.0, current.number), current);
        self.put_record(Key::Head(number.0), next);
        if current.content != next.content {
            let text = self.content(number, next.content)?;
            let key = text.map(|text| *TextKey::of(&next.scope, &text).as_bytes());
            self.texts.push((number.0, key));
        }
        self.happened(number.0, next, STORED);
        Ok(())
    }

    fn amend(&mut self, number: Number, _current: &Version, next: &Version) -> Result<(), Error> {
        self.put_record(Key::Head(number.0), next);
        self.happened(number.0, next, SIGNAL);
        Ok(())
    }

    fn delete(&mut self, number: Number, head: &Version, tombstone: &Tombstone) -> Result<(), Error> {
        let scope = self.scope_of(number.0).ok_or(Error::Internal("a memory without a scope"))?;
        let place = Place { scope: Some(scope), number: None, tombstone: Some(tombstone.clone()) };
        self.place(&head.id)?;
        self.put_record(Key::Id(head.id.clone()), &place);
        self.put(Key::Head(number.0), None);
        self.put(Key::Waypoints(number.0), None);
        self.put(Key::Sources(number.0), None);
        self.texts.push((number.0, None));
        self.deleted.push((scope, number.0));
        self.count(number.0, -1);
        self.happened(number.0, head, DELETED);
        Ok(())
    }

    fn put_content(&mut self, number: Number, hash: ContentHash, content: &Content) -> Result<(), Error> {
        self.put(Key::Text(number.0, hash), Some(content.as_str().as_bytes().into()));
        Ok(())
    }

    fn put_indexed_text(&mut self, number: Number, scope: &Scope, text: &IndexedText) -> Result<(), Error> {
        self.check_model(&text.embedding)?;
        if let Some(replaced) = self.indexed_text(number, scope)?
            && replaced.content != text.content
        {
            let kept = self.replaced_embedding(number, replaced.content)?;
            if kept.is_none_or(|kept| kept.model != replaced.embedding.model) {
                self.put_record(Key::Replaced(number.0, replaced.content), &*replaced.embedding);
            }
        }
        self.put(Key::Entry(number.0), Some(rows::encode_entry(text).into()));
        if let Some(head) = self.head(number)? {
            self.happened(number.0, &head, SIGNAL);
        }
        Ok(())
    }

    fn put_dynamics(&mut self, number: Number, _scope: &Scope, dynamics: &Dynamics) -> Result<(), Error> {
        self.put_record(Key::Dynamics(number.0), dynamics);
        if let Some(head) = self.head(number)? {
            self.happened(number.0, &head, SIGNAL);
        }
        Ok(())
    }

    fn put_waypoints(&mut self, number: Number, links: &[(Number, Waypoint)]) -> Result<(), Error> {
        let value = (!links.is_empty()).then(|| encode(&links).into());
        self.put(Key::Waypoints(number.0), value);
        Ok(())
    }

    fn put_tombstone(&mut self, id: &MemoryId, tombstone: &Tombstone) -> Result<(), Error> {
        let place = Place { tombstone: Some(tombstone.clone()), ..self.place(id)? };
        self.put_record(Key::Id(id.clone()), &place);
        Ok(())
    }

    fn put_model(&mut self, model: &ModelIdentity) -> Result<(), Error> {
        if self.reindex()?.is_some() {
            self.put(Key::Meta(REINDEX), None);
        }
        self.model()?;
        self.put_record(Key::Meta(MODEL), model);
        Ok(())
    }

    fn put_reindex(&mut self, reindex: &Reindex) -> Result<(), Error> {
        self.reindex()?;
        self.put_record(Key::Meta(REINDEX), reindex);
        Ok(())
    }

    fn index_texts(&mut self) -> Result<(), Error> {
        // Texts are found by their key from the first day.
        Ok(())
    }
}

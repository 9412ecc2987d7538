//! What is the smallest store that the rules can write to? Maps in memory, with helpers that build requests.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use openmemory_domain::request::{NewMemory, Update};
use openmemory_domain::{
    Content, ContentHash, Dynamics, Embedding, MemoryId, ModelIdentity, Scope, Sector, TextKey, Timestamp, Version,
};
use openmemory_rules::contract::Added;
use openmemory_rules::write::add::{Prepared, add};
use openmemory_rules::write::links::Related;
use openmemory_rules::write::text::Text;
use openmemory_rules::{Changes, Error, IndexedText, Number, Reindex, Rows, Tombstone, Waypoint, Words};
use serde_json::{Value, json};

#[derive(Clone, Default)]
pub struct MapStore {
    memories: BTreeMap<Number, Stored>,
    tombstones: HashMap<MemoryId, Tombstone>,
    model: Option<ModelIdentity>,
    reindex: Option<Reindex>,
    next: u64,
}

#[derive(Clone)]
struct Stored {
    head: Version,
    history: BTreeMap<u64, Version>,
    contents: HashMap<ContentHash, String>,
    indexed: Option<IndexedText>,
    replaced: HashMap<ContentHash, Embedding>,
    dynamics: Dynamics,
    waypoints: Vec<(Number, Waypoint)>,
}

impl MapStore {
    fn stored(&mut self, number: Number) -> Result<&mut Stored, Error> {
        self.memories.get_mut(&number).ok_or(Error::Internal("no such row"))
    }

    /// A memory as those rows have it that are found by scope.
    fn of_scope(&self, number: Number, scope: &Scope) -> Option<&Stored> {
        self.memories.get(&number).filter(|stored| stored.head.scope.user_id == scope.user_id)
    }

    pub fn numbers(&self) -> Vec<Number> {
        self.memories.keys().copied().collect()
    }
}

impl Rows for MapStore {
    fn number(&self, id: &MemoryId) -> Result<Option<Number>, Error> {
        Ok(self.memories.iter().find(|(_, stored)| stored.head.id == *id).map(|(number, _)| *number))
    }

    fn head(&self, number: Number) -> Result<Option<Version>, Error> {
        Ok(self.memories.get(&number).map(|stored| stored.head.clone()))
    }

    fn earlier(&self, number: Number, version: u64) -> Result<Option<Version>, Error> {
        Ok(self.memories.get(&number).and_then(|stored| stored.history.get(&version).cloned()))
    }

    fn content(&self, number: Number, hash: ContentHash) -> Result<Option<String>, Error> {
        Ok(self.memories.get(&number).and_then(|stored| stored.contents.get(&hash).cloned()))
    }

    fn indexed_text(&self, number: Number, scope: &Scope) -> Result<Option<IndexedText>, Error> {
        Ok(self.of_scope(number, scope).and_then(|stored| stored.indexed.clone()))
    }

    fn replaced_embedding(&self, number: Number, hash: ContentHash) -> Result<Option<Embedding>, Error> {
        Ok(self.memories.get(&number).and_then(|stored| stored.replaced.get(&hash).cloned()))
    }

    fn dynamics(&self, number: Number, scope: &Scope) -> Result<Option<Dynamics>, Error> {
        Ok(self.of_scope(number, scope).map(|stored| stored.dynamics.clone()))
    }

    fn tombstone(&self, id: &MemoryId) -> Result<Option<Tombstone>, Error> {
        Ok(self.tombstones.get(id).cloned())
    }

    fn waypoints(&self, number: Number) -> Result<Vec<(Number, Waypoint)>, Error> {
        Ok(self.memories.get(&number).map(|stored| stored.waypoints.clone()).unwrap_or_default())
    }

    fn numbers_of_text(&self, text: TextKey) -> Result<Vec<Number>, Error> {
        let has = |stored: &Stored| TextKey::of(&stored.head.scope, &stored.contents[&stored.head.content]) == text;
        Ok(self.memories.iter().filter(|(_, stored)| has(stored)).map(|(number, _)| *number).collect())
    }

    fn model(&self) -> Result<Option<ModelIdentity>, Error> {
        Ok(self.model.clone())
    }

    fn reindex(&self) -> Result<Option<Reindex>, Error> {
        Ok(self.reindex.clone())
    }
}

impl Changes for MapStore {
    fn attempt<T, E>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let before = self.clone();
        work(self).inspect_err(|_| *self = before)
    }

    fn insert(&mut self, version: &Version, content: &Content, dynamics: &Dynamics) -> Result<Number, Error> {
        let number = Number(self.next);
        self.next += 1;
        self.tombstones.remove(&version.id);
        let stored = Stored {
            head: version.clone(),
            history: BTreeMap::new(),
            contents: HashMap::from([(version.content, content.as_str().to_owned())]),
            indexed: None,
            replaced: HashMap::new(),
            dynamics: dynamics.clone(),
            waypoints: Vec::new(),
        };
        self.memories.insert(number, stored);
        Ok(number)
    }

    fn replace(&mut self, number: Number, current: &Version, next: &Version) -> Result<(), Error> {
        let stored = self.stored(number)?;
        stored.history.insert(current.number, current.clone());
        stored.head = next.clone();
        Ok(())
    }

    fn amend(&mut self, number: Number, _: &Version, next: &Version) -> Result<(), Error> {
        self.stored(number)?.head = next.clone();
        Ok(())
    }

    fn delete(&mut self, number: Number, head: &Version, tombstone: &Tombstone) -> Result<(), Error> {
        self.memories.remove(&number);
        self.put_tombstone(&head.id, tombstone)
    }

    fn put_content(&mut self, number: Number, hash: ContentHash, content: &Content) -> Result<(), Error> {
        self.stored(number)?.contents.insert(hash, content.as_str().to_owned());
        Ok(())
    }

    fn put_indexed_text(&mut self, number: Number, _: &Scope, text: &IndexedText) -> Result<(), Error> {
        let stored = self.stored(number)?;
        if let Some(before) = stored.indexed.replace(text.clone()).filter(|before| before.content != text.content) {
            stored.replaced.insert(before.content, Embedding::clone(&before.embedding));
        }
        Ok(())
    }

    fn put_dynamics(&mut self, number: Number, _: &Scope, dynamics: &Dynamics) -> Result<(), Error> {
        self.stored(number)?.dynamics = dynamics.clone();
        Ok(())
    }

    fn put_waypoints(&mut self, number: Number, links: &[(Number, Waypoint)]) -> Result<(), Error> {
        self.stored(number)?.waypoints = links.to_vec();
        Ok(())
    }

    fn put_tombstone(&mut self, id: &MemoryId, tombstone: &Tombstone) -> Result<(), Error> {
        self.tombstones.insert(id.clone(), tombstone.clone());
        Ok(())
    }

    fn put_model(&mut self, model: &ModelIdentity) -> Result<(), Error> {
        self.model = Some(model.clone());
        self.reindex = None;
        Ok(())
    }

    fn put_reindex(&mut self, reindex: &Reindex) -> Result<(), Error> {
        self.reindex = Some(reindex.clone());
        Ok(())
    }

    fn index_texts(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub fn id(id: &str) -> MemoryId {
    MemoryId::read("id", id).unwrap()
}

pub fn model(id: &str) -> ModelIdentity {
    ModelIdentity { id: id.into(), dimensions: 2 }
}

/// Vectors of a text in one sector.
pub fn vectors(sector: Sector) -> Arc<Embedding> {
    let vector = vec![0.6, 0.8];
    Arc::new(Embedding::new(model("m").tag(), vector.clone(), vec![vector.clone()], vec![(sector, vector)]))
}

pub fn prepared(memory: Value, related: Vec<Related>, now: i64) -> Prepared {
    let new = NewMemory::read(memory).unwrap();
    let words = words(new.content.as_str());
    Prepared::new(new, vectors(Sector::Semantic), words, related, at(now)).unwrap()
}

pub fn added(store: &mut MapStore, memory: Value, now: i64) -> Added {
    add(store, prepared(memory, Vec::new(), now), &model("m"), at(now)).unwrap().into_added()
}

/// An update of a memory, conditional on `if_version` if it is set.
pub fn update_of(id: &str, patch: Value, if_version: Option<u64>) -> Update {
    let update = Update::read(json!({ "id": id, "patch": patch })).unwrap();
    Update { if_version, ..update }
}

/// No rule reads words, so they need no encoding here.
pub fn words(content: &str) -> Words {
    Words::new(content.as_bytes().to_vec())
}

/// A text with its vectors, or without them if the memory already has them.
pub fn text(content: &str, embedding: Option<Arc<Embedding>>) -> Text {
    let content = Content::read("content", content.into()).unwrap();
    Text { hash: content.hash(), words: words(content.as_str()), content, embedding, related: Vec::new() }
}

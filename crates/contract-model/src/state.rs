//! What is a memory according to the contract? A model as simple as possible, which shares only JSON with the engine.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

#[derive(Debug, Clone, PartialEq)]
pub struct VersionState {
    pub content: String,
    pub tags: Value,
    pub metadata: Map<String, Value>,
    pub expires_at: Option<i64>,
    pub updated_at: i64,
    pub event: &'static str,
    pub restored_from: Option<u64>,
    pub actor: Option<String>,
}

#[derive(Debug, Clone)]
pub struct MemoryState {
    /// Rises with every added memory, and orders memories of the same time.
    pub number: u64,
    pub user: Option<String>,
    pub created_at: i64,
    pub immutable: bool,
    pub feedback: Option<&'static str>,
    /// Oldest first.
    pub versions: Vec<VersionState>,
}

#[derive(Debug, Clone, Default)]
pub struct Model {
    pub memories: BTreeMap<String, MemoryState>,
    /// The last versions of deleted ids.
    pub deleted: BTreeMap<String, u64>,
    pub added: u64,
    /// Number of versions created, including those of deleted memories.
    pub made: u64,
}

/// A requested change, which may be rejected.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub content: Option<String>,
    pub tags: Option<Value>,
    pub metadata: Option<Map<String, Value>>,
    /// `Some(None)` clears it.
    pub expires_at: Option<Option<i64>>,
    pub if_version: Option<u64>,
    pub actor: Option<String>,
}

pub fn iso(millis: i64) -> String {
    openmemory_domain::Timestamp::from_millis(millis).to_string()
}

impl Model {
    pub fn add(&mut self, id: &str, memory: MemoryState) -> Result<(), &'static str> {
        if self.memories.contains_key(id) {
            return Err("VERSION_CONFLICT");
        }
        let number = self.added;
        self.added += 1;
        self.made += 1;
        self.deleted.remove(id);
        self.memories.insert(id.into(), MemoryState { number, ..memory });
        Ok(())
    }

    pub fn update(&mut self, id: &str, change: &Change, now: i64) -> Result<u64, &'static str> {
        let memory = self.memories.get_mut(id).ok_or("NOT_FOUND")?;
        let last = memory.versions.last().unwrap();
        if change.if_version.is_some_and(|expected| expected != memory.versions.len() as u64) {
            return Err("VERSION_CONFLICT");
        }
        if memory.immutable {
            return Err("IMMUTABLE");
        }
        let mut next = VersionState {
            updated_at: now.max(last.updated_at),
            event: "UPDATE",
            restored_from: None,
            actor: change.actor.clone(),
            ..last.clone()
        };
        if let Some(content) = &change.content {
            next.content.clone_from(content);
        }
        if let Some(tags) = &change.tags {
            next.tags = tags.clone();
        }
        for (key, value) in change.metadata.iter().flatten() {
            match value {
                Value::Null => drop(next.metadata.shift_remove(key)),
                value => drop(next.metadata.insert(key.clone(), value.clone())),
            }
        }
        if let Some(expires_at) = change.expires_at {
            next.expires_at = expires_at;
        }
        memory.versions.push(next);
        self.made += 1;
        Ok(memory.versions.len() as u64)
    }

    pub fn restore(&mut self, id: &str, version: u64, now: i64) -> Result<u64, &'static str> {
        let memory = self.memories.get_mut(id).ok_or("NOT_FOUND")?;
        let earlier = memory.versions.get(version as usize - 1).ok_or("NOT_FOUND")?.clone();
        if memory.immutable {
            return Err("IMMUTABLE");
        }
        let updated_at = now.max(memory.versions.last().unwrap().updated_at);
        let event = ("RESTORE", Some(version));
        memory.versions.push(VersionState {
            updated_at,
            event: event.0,
            restored_from: event.1,
            actor: None,
            ..earlier
        });
        self.made += 1;
        Ok(memory.versions.len() as u64)
    }

    pub fn delete(&mut self, id: &str) -> Result<u64, &'static str> {
        let memory = self.memories.remove(id).ok_or("NOT_FOUND")?;
        self.deleted.insert(id.into(), memory.versions.len() as u64);
        Ok(memory.versions.len() as u64)
    }
}

impl MemoryState {
    pub fn last(&self) -> &VersionState {
        self.versions.last().unwrap()
    }

    pub fn expired(&self, now: i64) -> bool {
        self.last().expires_at.is_some_and(|at| at <= now)
    }

    /// The fields of the public record that the model knows, in version `number` (1 is the first).
    pub fn record(&self, id: &str, number: usize) -> Value {
        let version = &self.versions[number - 1];
        let mut record = json!({
            "id": id, "content": version.content, "tags": version.tags, "metadata": version.metadata,
            "created_at": iso(self.created_at), "updated_at": iso(version.updated_at), "version": number,
        });
        if let Some(at) = version.expires_at {
            record["expires_at"] = iso(at).into();
        }
        record
    }

    /// An entry of the history.
    pub fn entry(&self, id: &str, number: usize) -> Value {
        let version = &self.versions[number - 1];
        let mut entry = self.record(id, number);
        entry["event"] = version.event.into();
        if let Some(from) = version.restored_from {
            entry["restored_from"] = from.into();
        }
        if let Some(actor) = &version.actor {
            entry["actor"] = actor.as_str().into();
        }
        entry
    }
}

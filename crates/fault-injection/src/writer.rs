//! What does a writer do, step by step, and what must the store contain after each step?

use std::collections::BTreeMap;

use openmemory_domain::request::{AddMany, Delete, Get, History, List, NewMemory, Restore, Update, UpdateMany};
use openmemory_engine::Engine;
use openmemory_rules::Error;
use openmemory_rules::contract::Control;
use serde_json::{Map, Value, json};

use crate::rng::Rng;

const IDS: usize = 5;

/// One of several writers, each with its own memories. A writer takes the same steps in every process.
pub struct Writer {
    user: String,
    rng: Rng,
    /// The versions of each existing memory.
    memories: BTreeMap<String, Vec<Value>>,
    steps: u64,
}

impl Writer {
    pub fn new(seed: u64, number: usize) -> Self {
        let rng = Rng::new(seed * 1000 + number as u64);
        Self { user: format!("writer{number}"), rng, memories: BTreeMap::new(), steps: 0 }
    }

    /// The writer after some steps.
    pub fn after(seed: u64, number: usize, steps: u64) -> Self {
        let mut writer = Self::new(seed, number);
        for _ in 0..steps {
            writer.step();
        }
        writer
    }

    pub fn steps(&self) -> u64 {
        self.steps
    }

    fn content(&mut self) -> String {
        let words = if self.rng.one_in(24) { 4000 } else { 3 };
        (0..words).map(|_| format!("word{} ", self.rng.below(50))).collect::<String>() + "end."
    }

    fn state(&mut self) -> Value {
        let size = if self.rng.one_in(16) { 20_000 } else { self.rng.below(300) };
        let metadata = json!({"n": self.rng.below(1000), "fill": "x".repeat(size)});
        let tags: Vec<String> = (0..self.rng.below(4)).map(|_| format!("tag{}", self.rng.below(6))).collect();
        json!({"content": self.content(), "tags": tags, "metadata": metadata})
    }

    fn patch(&mut self) -> Map<String, Value> {
        let state = self.state();
        let mut patch = Map::new();
        let chosen = 1 + self.rng.below(7);
        for (bit, field) in ["content", "tags", "metadata"].into_iter().enumerate() {
            if chosen >> bit & 1 == 1 {
                patch.insert(field.into(), state[field].clone());
            }
        }
        patch
    }

    fn patched(&self, id: &str, patch: &Map<String, Value>) -> Value {
        let mut next = self.memories[id].last().cloned().unwrap_or_default();
        for (field, value) in patch {
            match (field.as_str(), value) {
                ("metadata", Value::Object(fields)) => {
                    fields.iter().for_each(|(key, value)| next["metadata"][key] = value.clone());
                }
                _ => next[field] = value.clone(),
            }
        }
        next
    }

    /// Takes the next step in the model, and returns it.
    pub fn step(&mut self) -> Step {
        self.steps += 1;
        let id = format!("{}-{}", self.user, self.rng.below(IDS));
        let known = self.memories.get(&id).map_or(0, Vec::len);
        match (self.rng.below(16), known) {
            (_, 0) => {
                let state = self.state();
                self.memories.insert(id.clone(), vec![state.clone()]);
                let mut request = state;
                request["id"] = json!(id);
                request["user_id"] = json!(self.user);
                Step::Add(request)
            }
            (0, _) => {
                self.memories.remove(&id);
                Step::Delete(id)
            }
            (1..=2, versions) => {
                let version = 1 + self.rng.below(versions);
                let states = self.memories.entry(id.clone()).or_default();
                states.push(states[version - 1].clone());
                Step::Restore(id, version as u64)
            }
            (3..=5, _) => {
                let mut items = Vec::new();
                let ids: Vec<String> = self.memories.keys().cloned().collect();
                for id in ids {
                    let patch = self.patch();
                    let next = self.patched(&id, &patch);
                    self.memories.entry(id.clone()).or_default().push(next);
                    let mut item = Value::Object(patch);
                    item["id"] = json!(id);
                    items.push(item);
                }
                Step::Batch(items)
            }
            (6, _) => Step::AddNothing(id),
            _ => {
                let patch = self.patch();
                let next = self.patched(&id, &patch);
                self.memories.entry(id.clone()).or_default().push(next);
                Step::Update(id, patch)
            }
        }
    }

    /// Checks that the store contains exactly what this writer wrote: nothing lost, partial or additional.
    pub fn check(&self, engine: &Engine) -> Result<(), String> {
        let fail = |what: String| Err(format!("{} after step {}: {what}", self.user, self.steps));
        for i in 0..IDS {
            let id = format!("{}-{i}", self.user);
            let found = Get::read(json!({ "id": id })).map_err(Error::from).and_then(|get| engine.get(&get));
            let Some(states) = self.memories.get(&id) else {
                match found {
                    Err(Error::NotFound { .. }) => continue,
                    other => return fail(format!("{id} should not be there: {other:?}")),
                }
            };
            let found = match found {
                Ok(found) => found,
                Err(error) => return fail(format!("{id}: {error}")),
            };
            if found.version.number != states.len() as u64 {
                return fail(format!("{id} is at version {}, not {}", found.version.number, states.len()));
            }
            let history = History::read(json!({"id": id, "limit": 1000})).map_err(Error::from);
            let history = match history.and_then(|history| engine.history(&history, &Control::default())) {
                Ok(history) => history,
                Err(error) => return fail(format!("history of {id}: {error}")),
            };
            let newest_first = states.iter().rev().take(1000);
            let kept = history.iter().map(|version| serde_json::to_value(version).unwrap_or_default());
            if !kept.map(|version| state_of(&version)).eq(newest_first.cloned()) {
                return fail(format!("{id} has another history"));
            }
        }
        let list = json!({"filters": {"user_id": self.user}, "limit": 1000});
        match List::read(list).map_err(Error::from).and_then(|list| engine.list(&list, &Control::default())) {
            Ok(page) if page.memories.len() == self.memories.len() => Ok(()),
            Ok(page) => fail(format!("{} memories are listed, not {}", page.memories.len(), self.memories.len())),
            Err(error) => fail(format!("list: {error}")),
        }
    }

    pub fn memories(&self) -> usize {
        self.memories.len()
    }
}

fn state_of(version: &Value) -> Value {
    json!({"content": version["content"], "tags": version["tags"], "metadata": version["metadata"]})
}

pub enum Step {
    Add(Value),
    Update(String, Map<String, Value>),
    Batch(Vec<Value>),
    Restore(String, u64),
    Delete(String),
    /// A batch with an invalid item, which must have no effect.
    AddNothing(String),
}

impl Step {
    /// The step as a request to a server: method, path, body.
    #[cfg(target_os = "linux")]
    pub fn request(self) -> (&'static str, String, Value) {
        match self {
            Self::Add(request) => ("POST", "/memory/add".into(), request),
            Self::Update(id, patch) => ("PATCH", format!("/memory/{id}"), Value::Object(patch)),
            Self::Batch(items) => ("PATCH", "/memory/batch".into(), json!({"items": items, "atomic": true})),
            Self::Restore(id, version) => ("POST", format!("/memory/{id}/restore"), json!({ "version": version })),
            Self::Delete(id) => ("DELETE", format!("/memory/{id}"), Value::Null),
            Self::AddNothing(id) => {
                let items = json!([{"content": "one more", "user_id": id}, {"content": ""}]);
                ("POST", "/memory/batch".into(), json!({"items": items, "atomic": true}))
            }
        }
    }

    pub async fn take(self, engine: &Engine) -> Result<(), Error> {
        match self {
            Self::Add(request) => drop(engine.add(NewMemory::read(request)?).await?),
            Self::Update(id, patch) => drop(engine.update(Update::read(json!({"id": id, "patch": patch}))?).await?),
            Self::Batch(items) => {
                let request = UpdateMany::read(json!({"items": items, "atomic": true}))?;
                for result in engine.update_many(request, &Control::default()).await? {
                    result.map_err(|refused| refused.error)?;
                }
            }
            Self::Restore(id, version) => {
                drop(engine.restore(Restore::read(json!({"id": id, "version": version}))?).await?);
            }
            Self::Delete(id) => drop(engine.delete(Delete::read(json!({ "id": id }))?).await?),
            Self::AddNothing(id) => {
                let items = json!([{"content": "one more", "user_id": id}, {"content": ""}]);
                let request = AddMany::read(json!({"items": items, "atomic": true}))?;
                drop(engine.add_many(request, &Control::default()).await?);
            }
        }
        Ok(())
    }
}

//! Thousands of operations in any order leave what a naive model of the contract says they should.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic, in its helpers too")]

mod support;

use std::collections::BTreeMap;

use openmemory_core::embedding::{Embedder, TestEmbedder};
use openmemory_core::storage::Durability;
use serde_json::{Map, Value, json};
use support::{Fixture, code, to_json};

const OPERATIONS: usize = 4000;
const IDS: usize = 12;

/// A small generator of the same numbers in every run (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % count
    }

    /// One sentence of a few words: all its vectors are one.
    fn content(&mut self) -> String {
        format!("Word{} word{}.", self.below(6), self.below(6))
    }

    fn tags(&mut self) -> Value {
        (0..self.below(4)).map(|_| format!("tag{}", self.below(4))).collect()
    }

    fn metadata(&mut self, with_null: bool) -> Map<String, Value> {
        let mut fields = Map::new();
        for _ in 0..self.below(4) {
            let key = ["a", "b", "c", "sector"][self.below(4)];
            let value = match (self.below(3), key) {
                (0, _) if with_null => Value::Null,
                (_, "sector") => ["episodic", "semantic"][self.below(2)].into(),
                (_, _) => json!({"n": [self.below(100), null]}),
            };
            fields.insert(key.into(), value);
        }
        fields
    }
}

/// The states of one memory by version, as the contract words it.
type Model = BTreeMap<String, Vec<Value>>;

fn merge(metadata: &mut Value, changes: &Map<String, Value>) {
    let fields = metadata.as_object_mut().unwrap();
    for (key, value) in changes {
        match value {
            Value::Null => drop(fields.shift_remove(key)),
            value => drop(fields.insert(key.clone(), value.clone())),
        }
    }
}

fn state(memory: &Value) -> Value {
    json!({"content": memory["content"], "tags": memory["tags"], "metadata": memory["metadata"]})
}

/// Does one thing to the store and to the model.
async fn step(fixture: &Fixture, model: &mut Model, dice: &mut Dice) {
    let id = format!("m{}", dice.below(IDS));
    let known = model.get_mut(&id);
    match (dice.below(12), known) {
        (0..=1, None) => {
            let memory = json!({"content": dice.content(), "tags": dice.tags(), "metadata": dice.metadata(false)});
            let mut request = memory.clone();
            (request["id"], request["user_id"]) = (json!(id), json!(format!("u{}", id.len())));
            fixture.add(request).await.unwrap();
            model.insert(id, vec![memory]);
        }
        (0, Some(_)) => {
            assert_eq!(code(&fixture.add(json!({"id": id, "content": "x"})).await), Some("VERSION_CONFLICT"))
        }
        (1..=7, Some(states)) => {
            let mut patch = Map::new();
            let mut next = states.last().unwrap().clone();
            let fields = 1 + dice.below(7);
            if fields & 1 != 0 {
                next["content"] = json!(dice.content());
                patch.insert("content".into(), next["content"].clone());
            }
            if fields & 2 != 0 {
                next["tags"] = dice.tags();
                patch.insert("tags".into(), next["tags"].clone());
            }
            if fields & 4 != 0 {
                let changes = dice.metadata(true);
                merge(&mut next["metadata"], &changes);
                patch.insert("metadata".into(), changes.into());
            }
            let updated = fixture.update(&id, patch.into()).await.unwrap();
            states.push(next);
            assert_eq!(updated.version.number as usize, states.len());
        }
        (8, Some(states)) => {
            let version = dice.below(states.len() + 1) + 1;
            let expected = (version > states.len()).then_some("NOT_FOUND");
            assert_eq!(code(&fixture.restore(&id, version as u64).await), expected);
            if expected.is_none() {
                states.push(states[version - 1].clone());
            }
        }
        (9, Some(_)) => drop(fixture.reinforce(&id).await.unwrap()),
        (10, Some(_)) if dice.below(16) == 0 => {
            fixture.delete(&id).await.unwrap();
            model.remove(&id);
        }
        (11, Some(states)) => {
            let items =
                [json!({"id": id, "tags": ["x"]}), json!({"id": id, "content": ""}), json!({"id": id, "tags": []})];
            let atomic = dice.below(2) == 0;
            fixture.update_many(json!({"items": items, "atomic": atomic})).await.unwrap();
            if !atomic {
                for tags in [json!(["x"]), json!([])] {
                    let mut next = states.last().unwrap().clone();
                    next["tags"] = tags;
                    states.push(next);
                }
            }
        }
        (_, None) => assert_eq!(code(&fixture.update(&id, json!({"tags": []})).await), Some("NOT_FOUND")),
        (_, Some(states)) => assert_eq!(fixture.get(&id).unwrap().version.number as usize, states.len()),
    }
}

async fn compare(fixture: &Fixture, model: &Model) {
    let mut listed: Vec<String> = fixture.list(json!({})).iter().map(|memory| memory.version.id.to_string()).collect();
    listed.sort();
    assert!(listed.iter().eq(model.keys()));
    for (id, states) in model {
        assert_eq!(state(&to_json(&fixture.get(id).unwrap())), *states.last().unwrap());
        let history = fixture.history(id).unwrap();
        let newest = states.iter().enumerate().rev().take(1000);
        assert!(
            newest
                .map(|(i, state)| (i as u64 + 1, state.clone()))
                .eq(history.iter().map(|entry| (entry.version.number, state(&to_json(entry)))))
        );
    }
    for tag in ["tag0", "tag3", "x"] {
        let expected =
            model.values().filter(|states| states.last().unwrap()["tags"].as_array().unwrap().contains(&json!(tag)));
        assert_eq!(fixture.list(json!({"tags": tag})).len(), expected.count());
    }
    let query = "Word1 word2 word3";
    for user in ["u2", "u3"] {
        let hits = fixture.search(json!({"query": query, "k": 1000, "filters": {"user_id": user}})).await.unwrap();
        assert!(hits.is_sorted_by(|a, b| a.score >= b.score));
        assert_eq!(hits.len(), model.keys().filter(|id| format!("u{}", id.len()) == user).count());
        for hit in hits {
            let (text, query) = (TestEmbedder.query(&hit.memory.content).unwrap(), TestEmbedder.query(query).unwrap());
            let cosine: f32 = text.iter().zip(&query).map(|(a, b)| a * b).sum();
            assert!((hit.similarity - cosine).abs() < 1e-5);
        }
    }
}

#[tokio::test]
async fn any_sequence_of_operations_leaves_what_the_contract_says() {
    let mut fixture = Fixture::with(Durability::Interval);
    let (mut model, mut dice) = (Model::new(), Dice(0x9E37_79B9_7F4A_7C15));
    for i in 1..=OPERATIONS {
        fixture.clock.advance(dice.below(50) as i64 - 10);
        step(&fixture, &mut model, &mut dice).await;
        if i % 500 == 0 {
            fixture = fixture.reopened();
        }
        if i % 100 == 0 {
            compare(&fixture, &model).await;
        }
    }
    assert_eq!(fixture.engine.stats().unwrap().memories, model.len() as u64);
    assert!(model.values().map(Vec::len).max() > Some(100));
}

//! Does the store contain, and return, exactly what the model does?

use openmemory_domain::request::List;
use openmemory_rules::contract::Control;
use openmemory_storage::Durability;
use serde_json::{Value, json};

use super::state::Model;
use crate::support::{Fixture, to_json};

/// Whether `found` has all fields of `expected` with the same values, and no further optional fields.
pub fn same(found: &Value, expected: &Value) -> bool {
    let fields = expected.as_object().unwrap();
    fields.iter().all(|(key, value)| found.get(key) == Some(value))
        && ["expires_at", "restored_from", "actor"].iter().all(|key| found.get(key) == expected.get(key))
}

pub async fn everything(fixture: &Fixture, model: &Model, place: &str) {
    let all = List::read(json!({"limit": 1000, "order": "created_at:asc", "showExpired": true})).unwrap();
    let listed = fixture.engine.list(&all, &Control::default()).unwrap().memories;
    let mut ids: Vec<&str> = listed.iter().map(|memory| memory.version.id.as_str()).collect();
    ids.sort_unstable();
    assert!(ids.iter().eq(model.memories.keys()), "{place}: the ids are {ids:?}");
    assert_eq!(fixture.engine.stats().unwrap().memories, model.memories.len() as u64, "{place}");
    for (id, memory) in &model.memories {
        let found = to_json(&fixture.get(id).unwrap());
        let expected = memory.record(id, memory.versions.len());
        assert!(same(&found, &expected), "{place}: {found} is not {expected}");
        assert_eq!(found.get("user_id").and_then(Value::as_str), memory.user.as_deref(), "{place}");
        assert_eq!(found["immutable"], memory.immutable, "{place}");
        assert_eq!(found.get("feedback").and_then(Value::as_str), memory.feedback, "{place}");
        if let Some(pinned) = memory.last().metadata.get("sector") {
            assert_eq!(found["sectors"], json!([pinned]), "{place}: {id}");
        }
        let history = fixture.history(id).unwrap();
        assert_eq!(history.len(), memory.versions.len().min(1000), "{place}: {id}");
        for entry in history.iter().map(to_json) {
            let number = entry["version"].as_u64().unwrap() as usize;
            let expected = memory.entry(id, number);
            assert!(same(&entry, &expected), "{place}: {entry} is not {expected}");
        }
        for link in fixture.waypoints(id).as_array().unwrap() {
            let other = link["id"].as_str().unwrap();
            assert!(model.memories.contains_key(other), "{place}: {id} is linked to {other}, which is gone");
            let back = fixture.waypoints(other);
            assert!(back.as_array().unwrap().iter().any(|link| link["id"] == id.as_str()), "{place}: {id}, {other}");
        }
    }
}

/// Exports the store, imports it into an empty one and exports that: both exports are identical.
pub async fn round_trip(fixture: &Fixture, place: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let exported = fixture.export_to(&first);
    let other = Fixture::with(Durability::Interval);
    let done = other.import_from(&first, "report").await.unwrap();
    assert_eq!((done.imported, done.tombstones), (exported.memories, exported.tombstones), "{place}");
    assert_eq!(other.export_to(&second), exported, "{place}");
    assert!(std::fs::read(&first).unwrap() == std::fs::read(&second).unwrap(), "{place}");
}

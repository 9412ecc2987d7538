//! Does the store contain, and return, exactly what the model does?

use serde_json::{Value, json};

use crate::calls::{Calls, to_json};
use crate::rng::Rng;
use crate::state::Model;
use crate::subject::Subject;

/// Whether `found` has all fields of `expected` with the same values, and no further optional fields.
pub fn same(found: &Value, expected: &Value) -> bool {
    let fields = expected.as_object().unwrap();
    fields.iter().all(|(key, value)| found.get(key) == Some(value))
        && ["expires_at", "restored_from", "actor"].iter().all(|key| found.get(key) == expected.get(key))
}

pub async fn everything(calls: &Calls, model: &Model, place: &str) {
    let all = json!({"limit": 1000, "order": "created_at:asc", "showExpired": true});
    let listed = calls.list(all).await.unwrap().memories;
    let mut ids: Vec<&str> = listed.iter().map(|memory| memory.version.id.as_str()).collect();
    ids.sort_unstable();
    assert!(ids.iter().eq(model.memories.keys()), "{place}: the ids are {ids:?}");
    assert_eq!(calls.count().await.unwrap(), model.memories.len() as u64, "{place}");
    for (id, memory) in &model.memories {
        let found = to_json(&calls.get(json!({ "id": id })).await.unwrap());
        let expected = memory.record(id, memory.versions.len());
        assert!(same(&found, &expected), "{place}: {found} is not {expected}");
        assert_eq!(found.get("user_id").and_then(Value::as_str), memory.user.as_deref(), "{place}");
        assert_eq!(found["immutable"], memory.immutable, "{place}");
        assert_eq!(found.get("feedback").and_then(Value::as_str), memory.feedback, "{place}");
        if let Some(pinned) = memory.last().metadata.get("sector") {
            assert_eq!(found["sectors"], json!([pinned]), "{place}: {id}");
        }
        let history = calls.history(json!({ "id": id, "limit": 1000 })).await.unwrap();
        assert_eq!(history.len(), memory.versions.len().min(1000), "{place}: {id}");
        for entry in history.iter().map(to_json) {
            let number = entry["version"].as_u64().unwrap() as usize;
            let expected = memory.entry(id, number);
            assert!(same(&entry, &expected), "{place}: {entry} is not {expected}");
        }
        for link in calls.waypoints(id).await.unwrap().as_array().unwrap() {
            let other = link["id"].as_str().unwrap();
            assert!(model.memories.contains_key(other), "{place}: {id} is linked to {other}, which is gone");
            let back = calls.waypoints(other).await.unwrap();
            assert!(back.as_array().unwrap().iter().any(|link| link["id"] == id.as_str()), "{place}: {id}, {other}");
        }
    }
}

/// Exports the store, imports it into an empty one and exports that: both exports are identical.
pub async fn round_trip(subject: &impl Subject, rng: &mut Rng, place: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("memories.jsonl");
    let (exported, lines) = subject.calls(rng).export().await.unwrap();
    std::fs::write(&file, &lines).unwrap();
    let empty = subject.empty().await;
    let other = empty.calls(rng);
    let done = other.import(&file).await.unwrap();
    assert_eq!((done.imported, done.tombstones), (exported.memories, exported.tombstones), "{place}");
    let (again, lines_again) = other.export().await.unwrap();
    assert_eq!(again, exported, "{place}");
    assert!(lines == lines_again, "{place}: the exports differ");
}

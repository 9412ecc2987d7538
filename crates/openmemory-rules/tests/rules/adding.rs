use openmemory_domain::ErrorCode;
use openmemory_rules::write::add::add;
use serde_json::json;

use crate::map_store::{MapStore, added, at, model, prepared};

#[test]
fn an_existing_text_is_found_only_in_its_own_scope() {
    let mut store = MapStore::default();
    let memory = json!({ "content": "Ada lives in Porto", "user_id": "ada", "ifExists": "skip" });
    let first = added(&mut store, memory.clone(), 1);
    let again = added(&mut store, memory.clone(), 2);
    assert!(!first.existed && again.existed);
    assert_eq!(again.memory.version.id, first.memory.version.id);
    let other = added(&mut store, json!({ "content": "Ada lives in Porto", "ifExists": "skip" }), 3);
    assert!(!other.existed);
    assert_eq!(store.numbers().len(), 2);
}

#[test]
fn an_expired_memory_does_not_count_as_existing() {
    let mut store = MapStore::default();
    let memory = json!({ "content": "on leave", "expires_at": "1970-01-01T00:00:01Z", "ifExists": "skip" });
    added(&mut store, memory, 0);
    assert!(added(&mut store, json!({ "content": "on leave", "ifExists": "skip" }), 999).existed);
    assert!(!added(&mut store, json!({ "content": "on leave", "ifExists": "skip" }), 1001).existed);
}

#[test]
fn touching_creates_a_version_only_if_something_changes() {
    let mut store = MapStore::default();
    let touch = json!({ "content": "x", "tags": ["b"], "metadata": { "k": 2 }, "ifExists": "touch" });
    added(&mut store, json!({ "content": "x", "tags": ["a"], "metadata": { "k": 1, "l": 1 } }), 1);
    let touched = added(&mut store, touch.clone(), 2).memory;
    assert_eq!(touched.version.number, 2);
    assert_eq!(serde_json::to_value(&touched).unwrap()["tags"], json!(["a", "b"]));
    assert_eq!(serde_json::to_value(&touched).unwrap()["metadata"], json!({ "k": 2, "l": 1 }));
    assert_eq!(added(&mut store, touch, 3).memory.version.number, 2);
}

#[test]
fn a_taken_id_and_another_model_are_rejected() {
    let mut store = MapStore::default();
    added(&mut store, json!({ "content": "x", "id": "one" }), 1);
    let rejected = |store: &mut MapStore, memory, by: &str| {
        add(store, prepared(memory, Vec::new(), 2), &model(by), at(2)).map(|_| ()).unwrap_err()
    };
    let taken = rejected(&mut store, json!({ "content": "y", "id": "one" }), "m");
    assert_eq!((taken.code(), taken.details().unwrap()["version"].as_u64()), (ErrorCode::VersionConflict, Some(1)));
    let foreign = rejected(&mut store, json!({ "content": "z" }), "other");
    assert_eq!(foreign.code(), ErrorCode::ModelMismatch);
    assert_eq!(store.numbers().len(), 1);
}

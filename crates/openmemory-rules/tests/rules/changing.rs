use openmemory_domain::request::Restore;
use openmemory_domain::{ErrorCode, Scope, Sector};
use openmemory_rules::write::committed::IndexChange;
use openmemory_rules::write::reinforce::reinforce;
use openmemory_rules::write::restore::restore;
use openmemory_rules::write::update::update;
use openmemory_rules::{Changes, Number, Rows};
use serde_json::json;

use crate::map_store::{MapStore, added, at, id, text, update_of, vectors};

fn store() -> MapStore {
    let mut store = MapStore::default();
    added(&mut store, json!({ "id": "one", "content": "Ada lives in Lisbon", "metadata": { "k": 1, "l": 1 } }), 1);
    store
}

#[test]
fn a_patch_changes_only_the_named_fields_and_keeps_the_previous_version() {
    let mut store = store();
    let request = update_of("one", json!({ "metadata": { "k": null, "m": 2 } }), Some(1));
    let committed = update(&mut store, &request, None, at(2)).unwrap();
    assert_eq!(committed.memory.version.number, 2);
    assert_eq!(serde_json::to_value(&committed.memory).unwrap()["metadata"], json!({ "l": 1, "m": 2 }));
    assert!(matches!(committed.index_change, IndexChange::None));
    assert_eq!(store.earlier(Number(0), 1).unwrap().unwrap().number, 1);
}

#[test]
fn a_new_text_stores_its_vectors_and_sector() {
    let mut store = store();
    let request = update_of("one", json!({ "content": "Ada moved to Porto yesterday" }), None);
    let porto = text("Ada moved to Porto yesterday", Some(vectors(Sector::Episodic)));
    let committed = update(&mut store, &request, Some(&porto), at(2)).unwrap();
    let IndexChange::Document(indexed) = committed.index_change else { panic!("the index gets no text") };
    assert_eq!((indexed.content, &indexed.words), (porto.hash, &porto.words));
    assert_eq!(committed.memory.version.sectors().primary(), Sector::Episodic);
    let scope = Scope::default();
    assert_eq!(store.indexed_text(Number(0), &scope).unwrap(), Some(indexed));
    assert_eq!(store.embedding(Number(0), &scope, porto.hash).unwrap(), porto.embedding);
}

#[test]
fn a_pinned_sector_gives_the_index_the_known_text() {
    let mut store = store();
    let known = store.indexed_text(Number(0), &Scope::default()).unwrap().unwrap();
    let request = update_of("one", json!({ "metadata": { "sector": "emotional" } }), None);
    let committed = update(&mut store, &request, None, at(2)).unwrap();
    let IndexChange::Document(indexed) = committed.index_change else { panic!("the index gets no text") };
    assert_eq!((indexed, committed.memory.version.sectors().primary()), (known, Sector::Emotional));
}

#[test]
fn a_text_without_vectors_changes_nothing() {
    let mut store = store();
    let request = update_of("one", json!({ "content": "new" }), None);
    let missing = text("new", None);
    let error = store.attempt(|changes| update(changes, &request, Some(&missing), at(2)).map(drop)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Internal);
    assert_eq!(store.head(Number(0)).unwrap().unwrap().number, 1);
}

#[test]
fn updates_of_another_version_and_of_immutable_or_missing_memories_are_rejected() {
    let mut store = store();
    added(&mut store, json!({ "id": "fixed", "content": "x", "immutable": true }), 1);
    let mut code = |id, if_version| {
        update(&mut store, &update_of(id, json!({ "tags": ["a"] }), if_version), None, at(2))
            .map(drop)
            .unwrap_err()
            .code()
    };
    assert_eq!(code("one", Some(2)), ErrorCode::VersionConflict);
    assert_eq!(code("fixed", None), ErrorCode::Immutable);
    assert_eq!(code("nobody", None), ErrorCode::NotFound);
}

#[test]
fn restoring_creates_a_version_with_the_old_text() {
    let mut store = store();
    let porto = text("Ada lives in Porto", Some(vectors(Sector::Episodic)));
    update(&mut store, &update_of("one", json!({ "content": "Ada lives in Porto" }), None), Some(&porto), at(2))
        .unwrap();
    let request = Restore::read(json!({ "id": "one", "version": 1 })).unwrap();
    let lisbon = text("Ada lives in Lisbon", None);
    let restored = restore(&mut store, &request, Some(&lisbon), at(3)).unwrap();
    let memory = restored.memory;
    assert_eq!((memory.version.number, memory.content.as_str()), (3, "Ada lives in Lisbon"));
    let IndexChange::Document(indexed) = restored.index_change else { panic!("the index gets no text") };
    assert_eq!((indexed.content, &indexed.words), (lisbon.hash, &lisbon.words));
    // The vectors of both texts are kept, each with its own sector.
    let primary = |hash| {
        let embedding = store.embedding(Number(0), &Scope::default(), hash).unwrap().unwrap();
        embedding.classified().unwrap().primary()
    };
    assert_eq!((primary(lisbon.hash), primary(porto.hash)), (Sector::Semantic, Sector::Episodic));
    let missing = Restore::read(json!({ "id": "one", "version": 9 })).unwrap();
    assert_eq!(restore(&mut store, &missing, None, at(4)).map(drop).unwrap_err().code(), ErrorCode::NotFound);
}

#[test]
fn reinforcement_creates_no_version() {
    let mut store = store();
    let scope = Scope::default();
    let before = store.dynamics(Number(0), &scope).unwrap().unwrap();
    // There is no number 5, as if that memory had been deleted after the search.
    let reinforced = reinforce(&mut store, &[vec![Number(0), Number(5)]], at(60_000)).unwrap();
    assert_eq!(reinforced.len(), 1);
    assert_ne!(store.dynamics(Number(0), &scope).unwrap().unwrap(), before);
    assert_eq!(store.head(Number(0)).unwrap().unwrap().number, 1);
    assert!(store.number(&id("one")).unwrap().is_some());
}

use openmemory_domain::ErrorCode;
use openmemory_domain::filter::parse;
use openmemory_domain::request::Delete;
use openmemory_rules::write::delete::{delete, delete_matching};
use openmemory_rules::write::links::connect;
use openmemory_rules::write::update::update;
use openmemory_rules::{Number, Rows, Waypoint};
use serde_json::json;

use crate::map_store::{MapStore, added, at, id, update_of};

#[test]
fn a_deleted_memory_leaves_a_tombstone_and_no_link() {
    let mut store = MapStore::default();
    added(&mut store, json!({ "id": "one", "content": "x" }), 1);
    added(&mut store, json!({ "id": "two", "content": "y" }), 1);
    let link = Waypoint { weight: 0.7, created_at: at(1), updated_at: at(1) };
    connect(&mut store, Number(0), &[(Number(1), link)]).unwrap();
    let request = Delete::read(json!({ "id": "one", "ifVersion": 1, "actor": "ada", "reason": "moved" })).unwrap();
    let (number, deleted) = delete(&mut store, request, at(2)).unwrap();
    assert_eq!((number, deleted.deleted_at), (Number(0), at(2)));
    let tombstone = store.tombstone(&id("one")).unwrap().unwrap();
    assert_eq!((tombstone.version, tombstone.actor.as_deref()), (1, Some("ada")));
    assert!(store.waypoints(Number(1)).unwrap().is_empty());
    let error = update(&mut store, &update_of("one", json!({ "tags": [] }), None), None, at(3)).map(drop).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
    assert_eq!(error.details().unwrap()["deleted"], true);
}

#[test]
fn memories_that_no_longer_match_are_not_deleted() {
    let mut store = MapStore::default();
    for (id, tag) in [("one", "old"), ("two", "new"), ("three", "old")] {
        added(&mut store, json!({ "id": id, "content": id, "tags": [tag] }), 1);
    }
    let filter = parse(&json!({ "tags": { "contains": "old" } })).unwrap();
    let ids = ["one", "two", "three", "gone"].map(id);
    let removed = delete_matching(&mut store, &ids, Some(&filter), at(2)).unwrap();
    assert_eq!(removed.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [Number(0), Number(2)]);
    assert_eq!(store.numbers(), [Number(1)]);
}

//! Do the items of a batch succeed or fail independently, or all together, and is each distinct text embedded once?

use std::sync::Mutex;

use openmemory_domain::request::{AddMany, DeleteMany, UpdateMany};
use openmemory_rules::contract::{Control, ItemResult};
use serde_json::{Value, json};

use crate::support::{Fixture, code, to_json};

fn codes<T>(results: &[ItemResult<T>]) -> Vec<&'static str> {
    results.iter().map(|result| result.as_ref().map_or_else(|failed| failed.error.code().as_str(), |_| "ok")).collect()
}

async fn assert_same(fixture: &Fixture, before: &Value) {
    let after = fixture.everything().await;
    for field in ["count", "model"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    for (after, before) in after["memories"].as_array().unwrap().iter().zip(before["memories"].as_array().unwrap()) {
        assert_eq!(after, before);
    }
}

async fn filled(count: usize) -> Fixture {
    let fixture = Fixture::new();
    let item = |i| json!({"id": format!("m{i}"), "content": format!("Number {i}."), "tags": ["old"], "user_id": "ada"});
    let items: Vec<Value> = (0..count).map(item).collect();
    let results = fixture.add_many(json!({ "items": items })).await.unwrap();
    assert!(results.iter().all(Result::is_ok));
    fixture
}

/// Updates of every memory of [`filled`], three of them bad: one is rejected when it is parsed, one before the commit
/// and one inside it.
fn updates_with_three_bad(count: usize) -> Vec<Value> {
    let item = |i| json!({"id": format!("m{i}"), "content": format!("Figure {i}!"), "tags": ["new"]});
    let mut items: Vec<Value> = (0..count).map(item).collect();
    items[1]["content"] = json!("");
    items[count / 2]["id"] = json!("unknown");
    items[count - 1]["ifVersion"] = json!(7);
    items
}

#[tokio::test]
async fn three_bad_items_do_not_affect_the_others() {
    let fixture = filled(1000).await;
    let results = fixture.update_many(json!({"items": updates_with_three_bad(1000)})).await.unwrap();
    let mut expected = vec!["ok"; 1000];
    (expected[1], expected[500], expected[999]) = ("INVALID_ARGUMENT", "NOT_FOUND", "VERSION_CONFLICT");
    assert_eq!(codes(&results), expected);
    let failed = |i: usize| to_json(results[i].as_ref().unwrap_err());
    assert_eq!([&failed(1)["id"], &failed(500)["id"], &failed(999)["id"]], ["m1", "unknown", "m999"]);
    assert_eq!(failed(999)["error"]["details"]["version"], 1);
    assert_eq!(fixture.list(json!({"tags": "new"})).len(), 997);
    for (i, result) in results.iter().enumerate().filter(|(_, result)| result.is_ok()) {
        let memory = result.as_ref().unwrap();
        assert_eq!((memory.content.as_str(), memory.version.number), (format!("Figure {i}!").as_str(), 2));
        assert_eq!(*memory, fixture.get(&format!("m{i}")).unwrap());
    }
    assert_eq!(fixture.search(json!({"query": "Figure 7!"})).await.unwrap()[0].memory.version.id.as_str(), "m7");
}

#[tokio::test]
async fn an_atomic_batch_with_a_bad_item_changes_nothing() {
    let fixture = filled(600).await;
    let before = fixture.everything().await;
    for bad in [1, 300, 599] {
        let mut items = updates_with_three_bad(600);
        let good: Vec<usize> = [1, 300, 599].into_iter().filter(|i| *i != bad).collect();
        for i in good {
            items[i] = json!({"id": format!("m{i}"), "tags": ["new"]});
        }
        let results = fixture.update_many(json!({"items": items, "atomic": true})).await.unwrap();
        let codes = codes(&results);
        assert!(codes.iter().enumerate().all(|(i, code)| (*code == "ABORTED") == (i != bad)), "{codes:?}");
        assert_same(&fixture, &before).await;
    }
    let mut items: Vec<Value> = (0..300).map(|i| json!({"content": format!("New {i}."), "tags": ["new"]})).collect();
    items.push(json!({"id": "m0", "content": "Taken."}));
    let results = fixture.add_many(json!({"items": items, "atomic": true})).await.unwrap();
    assert_eq!((codes(&results)[0], codes(&results)[300]), ("ABORTED", "VERSION_CONFLICT"));
    assert_same(&fixture, &before).await;
    assert!(fixture.list(json!({"tags": "new"})).is_empty());
    let fixture = fixture.reopened();
    assert_same(&fixture, &before).await;
    let results = fixture.update_many(json!({"items": [{"id": "m0", "tags": []}], "atomic": true})).await.unwrap();
    assert_eq!(codes(&results), ["ok"]);
}

#[tokio::test]
async fn several_items_for_one_memory_apply_in_order() {
    let fixture = filled(1).await;
    let items = json!([
        {"id": "m0", "content": "Second.", "tags": ["a"]},
        {"id": "m0", "metadata": {"third": true}, "ifVersion": 2},
        {"id": "m0", "content": "Number 0.", "ifVersion": 2},
        {"id": "m0", "content": "Number 0."},
        {"id": "m0", "content": "Second.", "tags": []},
    ]);
    let results = fixture.update_many(json!({"items": items, "actor": "ada", "reason": "why"})).await.unwrap();
    assert_eq!(codes(&results), ["ok", "ok", "VERSION_CONFLICT", "ok", "ok"]);
    let numbers: Vec<u64> = results.iter().flatten().map(|memory| memory.version.number).collect();
    assert_eq!(numbers, [2, 3, 4, 5]);
    let history = fixture.history("m0").unwrap();
    let texts: Vec<&str> = history.iter().map(|entry| entry.content.as_str()).collect();
    assert_eq!(texts, ["Second.", "Number 0.", "Second.", "Second.", "Number 0."]);
    assert_eq!(history[0].version.provenance.actor.as_deref(), Some("ada"));
    assert!(fixture.search(json!({"query": "Second."})).await.unwrap()[0].similarity > 0.99);

    let results =
        fixture.add_many(json!({"items": [{"id": "x", "content": "one"}, {"id": "x", "content": "two"}]})).await;
    assert_eq!(codes(&results.unwrap()), ["ok", "VERSION_CONFLICT"]);
}

#[tokio::test]
async fn equal_texts_are_embedded_once_and_a_failing_text_fails_only_its_own_items() {
    let fixture = filled(4).await;
    fixture.embedder.taken();
    let items = json!([{"content": "Same."}, {"content": "Same."}, {"content": "unembeddable"}, {"content": "Other."}]);
    let results = fixture.add_many(json!({ "items": items })).await.unwrap();
    assert_eq!(codes(&results), ["ok", "ok", "EMBEDDING_FAILED", "ok"]);
    assert_eq!(fixture.embedder.taken(), ["Other.", "Same.", "unembeddable"]);
    let items = json!([
        {"id": "m0", "content": "Equal."}, {"id": "m1", "content": "Equal."}, {"id": "m2", "content": "unembeddable"},
        {"id": "m3", "content": "Number 3."}, {"id": "m3", "tags": ["x"]},
    ]);
    let results = fixture.update_many(json!({ "items": items })).await.unwrap();
    assert_eq!(codes(&results), ["ok", "ok", "EMBEDDING_FAILED", "ok", "ok"]);
    assert_eq!(fixture.embedder.taken(), ["Equal.", "unembeddable"]);
}

#[tokio::test]
async fn a_batch_has_1_to_1000_items() {
    for (count, expected) in [(0, "INVALID_ARGUMENT"), (1001, "LIMIT_EXCEEDED")] {
        let fixture = Fixture::new();
        let items = |item: Value| json!({"items": vec![item; count]});
        assert_eq!(code(&fixture.add_many(items(json!({"content": "x"}))).await), Some(expected));
        assert_eq!(code(&fixture.update_many(items(json!({"id": "x", "tags": []}))).await), Some(expected));
        assert!(DeleteMany::read(json!({"ids": vec!["x"; count]})).is_err());
        assert!(fixture.list(json!({})).is_empty());
    }
}

#[tokio::test]
async fn progress_reaches_the_total_and_a_cancelled_batch_changes_nothing() {
    static SEEN: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());
    let fixture = filled(100).await;
    let items: Vec<Value> = (0..100).map(|i| json!({"id": format!("m{i}"), "content": format!("New {i}.")})).collect();
    let control = Control::new(|done, total| SEEN.lock().unwrap().push((done, total)));
    let before = fixture.everything().await;
    control.cancel();
    let request = || UpdateMany::read(json!({ "items": items })).unwrap();
    assert_eq!(code(&fixture.engine.update_many(request(), &control).await), Some("ABORTED"));
    let adding = AddMany::read(json!({"items": [{"content": "x"}]})).unwrap();
    assert_eq!(code(&fixture.engine.add_many(adding, &control).await), Some("ABORTED"));
    assert_same(&fixture, &before).await;

    let control = Control::new(|done, total| SEEN.lock().unwrap().push((done, total)));
    fixture.engine.update_many(request(), &control).await.unwrap();
    let seen = SEEN.lock().unwrap();
    assert!(seen.is_sorted());
    assert_eq!(seen.last(), Some(&(100, 100)));
}

#[tokio::test]
async fn delete_many_returns_a_result_per_id_and_a_filter_deletes_what_matches() {
    let fixture = filled(10).await;
    let DeleteMany::Ids(ids) = DeleteMany::read(json!({"ids": ["m0", "unknown", "m0", "", "m1"]})).unwrap() else {
        unreachable!()
    };
    let results = fixture.engine.delete_many(ids).await.unwrap();
    let codes: Vec<_> =
        results.iter().map(|result| result.as_ref().err().map(|failed| failed.error.code().as_str())).collect();
    assert_eq!(codes, [None, Some("NOT_FOUND"), Some("NOT_FOUND"), Some("MISSING_ID"), None]);
    fixture.update("m2", json!({"tags": ["kept"]})).await.unwrap();
    let DeleteMany::Matching(filter) = DeleteMany::read(json!({"filters": {"tags": "old"}})).unwrap() else {
        unreachable!()
    };
    let deleted = fixture.delete_matching(filter).await.unwrap();
    assert_eq!(deleted.deleted, 7);
    let found = fixture.search(json!({"query": "Number", "limit": 100})).await.unwrap();
    assert_eq!((fixture.list(json!({})).len(), found.len()), (1, 1));
    for nothing in [json!({}), json!({"filters": {}}), json!({"all": false}), json!({"all": true, "ids": ["m2"]})] {
        assert!(DeleteMany::read(nothing).is_err());
    }
}

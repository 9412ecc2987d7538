//! Is a text that its scope already has handled as `ifExists` says, also by concurrent calls?

use std::sync::Arc;

use openmemory_domain::request::{AddMany, NewMemory};
use openmemory_rules::Error;
use openmemory_rules::contract::{Added, Control};
use serde_json::{Value, json};

use crate::support::{Fixture, code};

async fn add(fixture: &Fixture, request: Value) -> Result<Added, Error> {
    fixture.engine.add(NewMemory::read(request)?).await
}

/// A request that adds the text of [`with_cat`] again.
fn cat(if_exists: &str) -> Value {
    json!({"content": "The cat is called Tom.", "user_id": "ada", "ifExists": if_exists})
}

async fn with_cat() -> Fixture {
    let fixture = Fixture::new();
    let first = json!({
        "id": "first", "content": "The cat is called Tom.", "user_id": "ada", "tags": ["pet"],
        "metadata": {"sure": true, "source": "chat"},
    });
    fixture.add(first).await.unwrap();
    fixture.embedder.taken();
    fixture
}

#[tokio::test]
async fn an_existing_text_is_added_again_by_default() {
    let fixture = with_cat().await;
    for request in [json!({"content": "The cat is called Tom.", "user_id": "ada"}), cat("add")] {
        let added = add(&fixture, request).await.unwrap();
        assert!(!added.existed && added.memory.version.id.as_str() != "first");
    }
    assert_eq!(fixture.list(json!({})).len(), 3);
}

#[tokio::test]
async fn skip_returns_the_existing_memory_and_changes_and_embeds_nothing() {
    let fixture = with_cat().await;
    let before = fixture.everything().await;
    let mut again = cat("skip");
    again["tags"] = json!(["new"]);
    again["id"] = "another".into();
    for content in ["The cat is called Tom.", " The cat is called Tom.\n"] {
        again["content"] = content.into();
        let added = add(&fixture, again.clone()).await.unwrap();
        assert_eq!((added.existed, added.memory.version.id.as_str()), (true, "first"));
        assert_eq!(added.memory.content, "The cat is called Tom.");
        assert_eq!(serde_json::to_value(&added).unwrap()["existed"], true);
    }
    assert_eq!(fixture.everything().await, before);
    assert!(fixture.embedder.taken().is_empty());
}

#[tokio::test]
async fn another_scope_or_text_or_an_expired_memory_does_not_count_as_existing() {
    let fixture = with_cat().await;
    for (field, value) in
        [("user_id", "bob"), ("agent_id", "a"), ("run_id", "r"), ("content", "The cat is called tom.")]
    {
        let mut other = cat("skip");
        other[field] = value.into();
        assert!(!add(&fixture, other).await.unwrap().existed, "{field}");
    }
    // A memory that has expired, or has another text now, no longer counts as existing.
    fixture.update("first", json!({"content": "The cat is called Tim."})).await.unwrap();
    assert!(!add(&fixture, cat("skip")).await.unwrap().existed);
    let mut expiring = cat("skip");
    expiring["content"] = "Brief.".into();
    expiring["expires_at"] = "2025-01-20T14:35:01Z".into();
    assert!(!add(&fixture, expiring.clone()).await.unwrap().existed);
    assert!(add(&fixture, expiring.clone()).await.unwrap().existed);
    fixture.clock.advance(2000);
    assert!(!add(&fixture, expiring).await.unwrap().existed);
}

#[tokio::test]
async fn a_deleted_text_does_not_exist_and_a_restored_one_does() {
    let fixture = with_cat().await;
    fixture.update("first", json!({"content": "The cat is called Tim."})).await.unwrap();
    fixture.restore("first", 1).await.unwrap();
    assert!(add(&fixture, cat("skip")).await.unwrap().existed);
    fixture.delete("first").await.unwrap();
    assert!(!add(&fixture, cat("skip")).await.unwrap().existed);
}

#[tokio::test]
async fn touch_merges_tags_metadata_and_expiry_in_one_update() {
    let fixture = with_cat().await;
    let mut again = cat("touch");
    again["tags"] = json!(["pet", "animal"]);
    again["metadata"] = json!({"source": null, "seen": 2});
    again["expires_at"] = "2026-01-01T00:00:00Z".into();
    let added = add(&fixture, again.clone()).await.unwrap();
    let version = &added.memory.version;
    assert_eq!((added.existed, version.id.as_str(), version.number), (true, "first", 2));
    assert_eq!(version.tags.as_slice(), ["pet", "animal"]);
    assert_eq!(Value::from(version.metadata.fields()), json!({"sure": true, "seen": 2}));
    assert_eq!(version.expires_at.unwrap().to_string(), "2026-01-01T00:00:00.000Z");
    assert_eq!(fixture.history("first").unwrap().len(), 2);
    // A second touch changes nothing, so it creates no version.
    assert_eq!(add(&fixture, again).await.unwrap().memory.version.number, 2);
    assert!(fixture.embedder.taken().is_empty());
    assert_eq!(fixture.search(json!({"query": "cat", "filters": {"tags": "animal"}})).await.unwrap().len(), 1);
}

#[tokio::test]
async fn touch_rejects_what_an_update_would_reject_and_changes_nothing() {
    let fixture = with_cat().await;
    let fixed = json!({"id": "fixed", "content": "Fixed.", "user_id": "ada", "immutable": true});
    fixture.add(fixed).await.unwrap();
    let touch = |tags: Value| json!({"content": "Fixed.", "user_id": "ada", "tags": tags, "ifExists": "touch"});
    assert_eq!(code(&add(&fixture, touch(json!(["t"]))).await), Some("IMMUTABLE"));
    assert!(add(&fixture, touch(json!([]))).await.unwrap().existed);
    let mut many = cat("touch");
    many["tags"] = (0..64).map(|n| format!("t{n}")).collect();
    let refused = add(&fixture, many).await;
    assert_eq!((code(&refused), refused.unwrap_err().field()), (Some("LIMIT_EXCEEDED"), Some("tags")));
    assert_eq!(fixture.get("first").unwrap().version.number, 1);
    let wrong = NewMemory::read(cat("update")).unwrap_err();
    assert_eq!(wrong.field, "ifExists");
}

#[tokio::test]
async fn of_many_concurrent_adds_one_inserts() {
    let fixture = Arc::new(Fixture::new());
    let adding = (0..32).map(|_| {
        let fixture = Arc::clone(&fixture);
        tokio::spawn(async move { add(&fixture, cat("skip")).await.unwrap() })
    });
    let mut added = Vec::new();
    for task in adding.collect::<Vec<_>>() {
        added.push(task.await.unwrap());
    }
    assert_eq!(added.iter().filter(|added| !added.existed).count(), 1);
    assert!(added.iter().all(|one| one.memory.version.id == added[0].memory.version.id));
    assert_eq!(fixture.list(json!({})).len(), 1);
}

#[tokio::test]
async fn each_item_of_a_batch_finds_existing_memories_and_earlier_items() {
    let fixture = with_cat().await;
    for atomic in [false, true] {
        let text = format!("New, {atomic}.");
        let items = json!([
            {"content": "The cat is called Tom.", "user_id": "ada"},
            {"content": text}, {"content": text}, {"content": text, "ifExists": "add"},
        ]);
        let batch = AddMany::read(json!({"items": items, "atomic": atomic, "ifExists": "skip"})).unwrap();
        let results = fixture.engine.add_many(batch, &Control::default()).await.unwrap();
        let existed: Vec<bool> = results.iter().map(|result| result.as_ref().unwrap().existed).collect();
        assert_eq!(existed, [true, false, true, false]);
        assert_eq!(fixture.embedder.taken(), [text]);
    }
    assert_eq!(fixture.list(json!({})).len(), 5);
}

#[tokio::test]
async fn an_imported_memory_exists_by_its_newest_text() {
    let fixture = with_cat().await;
    fixture.update("first", json!({"content": "The cat is called Tim."})).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("memories.jsonl");
    let other = Fixture::new();
    fixture.export_to(&file);
    other.import_from(&file, "report").await.unwrap();
    let mut newest = cat("skip");
    newest["content"] = "The cat is called Tim.".into();
    assert!(add(&other, newest).await.unwrap().existed);
    assert!(!add(&other, cat("skip")).await.unwrap().existed);
}

//! Does a reopened store have everything that it had before?

use std::sync::Arc;

use openmemory_domain::request::NewMemory;
use openmemory_engine::{Engine, Options};
use openmemory_storage::Durability;
use serde_json::{Value, json};

use crate::support::{Fixture, code, open, options, to_json};

async fn hits(fixture: &Fixture) -> Vec<Value> {
    let mut hits = Vec::new();
    for request in [
        json!({"query": "anxious about Lisbon"}),
        json!({"query": "Number 3.", "filters": {"user_id": "u1"}, "limit": 1000}),
        json!({"query": "Number 4.", "sectors": ["emotional", "reflective"], "limit": 3}),
        json!({"query": "Number 4.", "filters": {"NOT": {"tags": "even"}}, "minScore": 0.000001}),
    ] {
        let mut found = to_json(&fixture.search(request).await.unwrap());
        // Searches change these fields.
        for hit in found.as_array_mut().unwrap() {
            for field in ["salience", "score"] {
                hit.as_object_mut().unwrap().remove(field).unwrap();
            }
        }
        hits.push(found);
    }
    hits
}

/// Sends a message when it is dropped.
struct NotifyOnDrop(std::sync::mpsc::Sender<()>);

impl Drop for NotifyOnDrop {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[tokio::test]
async fn the_opening_guard_is_dropped_with_memories_and_without() {
    let directory = tempfile::tempdir().unwrap();
    for memories in 0..2 {
        let (dropped, is_dropped) = std::sync::mpsc::channel();
        let begin = move || -> Box<dyn Send> { Box::new(NotifyOnDrop(dropped.clone())) };
        let options = Options { while_opening: Some(Arc::new(begin)), ..options(directory.path(), Durability::Flush) };
        let engine = Engine::open(options).unwrap();
        is_dropped.recv_timeout(std::time::Duration::from_secs(60)).unwrap_or_else(|_| panic!("with {memories}"));
        engine.add(NewMemory::read(json!({"content": "tea"})).unwrap()).await.unwrap();
        engine.close().unwrap();
    }
}

#[tokio::test]
async fn reopening_restores_everything() {
    let fixture = Fixture::new();
    for i in 0..30 {
        let parity = if i % 2 == 0 { "even" } else { "odd" };
        let memory = json!({
            "id": format!("m{i}"), "content": format!("Number {i}. I feel anxious about Lisbon {}.", i * i),
            "tags": [parity, parity, format!("ß{i}")], "metadata": {"z": i, "a": {"b": [null, 1.5, "\u{0}é\u{1F600}"]}, "__proto__": 1},
            "user_id": format!("u{}", i % 3), "agent_id": "a", "app_id": "b", "run_id": format!("r{i}"),
            "immutable": i == 7, "expires_at": if i == 8 { "2020-01-01" } else { "2090-01-01" },
            "created_at": format!("{}-01-01T00:00:00.001Z", 1950 + i),
        });
        fixture.add(memory).await.unwrap();
    }
    fixture.add(json!({"id": "long", "content": "Word after word. ".repeat(10_000), "metadata": {"long": "x".repeat(60_000)}})).await.unwrap();
    fixture.update("long", json!({"metadata": {"more": "y"}})).await.unwrap();
    for i in [1, 2, 3] {
        fixture
            .update(&format!("m{i}"), json!({"content": "Ada lives in Lisbon.", "metadata": {"sector": "emotional"}}))
            .await
            .unwrap();
    }
    fixture.restore("m2", 1).await.unwrap();
    fixture.delete("m5").await.unwrap();
    fixture.reinforce("m6").await.unwrap();
    fixture.feedback("m6", "VERY_NEGATIVE").await.unwrap();

    let before = fixture.everything().await;
    assert_eq!((before["count"].clone(), before["memories"].as_array().unwrap().len()), (json!(30), 30));
    fixture.embedder.taken();
    let fixture = fixture.reopened();
    assert_eq!(fixture.everything().await, before);
    let found = hits(&fixture).await;
    assert!(found.iter().all(|hits| !hits.as_array().unwrap().is_empty()));
    let fixture = fixture.reopened();
    fixture.engine.ready().await.unwrap();
    assert_eq!(hits(&fixture).await, found);
    assert_eq!(fixture.embedder.taken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_directory_is_locked_until_it_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    let open = || open(&directory.path().join("new/nested"));
    let first = open().unwrap();
    assert_eq!(code(&open()), Some("LOCKED"));
    first.close().unwrap();
    drop(first);
    drop(open().unwrap());
    assert!(open().is_ok(), "forgotten, not closed");
}

#[tokio::test]
async fn a_closed_store_refuses_writes_and_closes_again() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "one"})).await.unwrap();
    fixture.engine.close().unwrap();
    fixture.engine.close().unwrap();
    let refused = [
        code(&fixture.add(json!({"content": "two"})).await),
        code(&fixture.update("m", json!({"tags": ["x"]})).await),
        code(&fixture.reinforce("m").await),
        code(&fixture.delete("m").await),
    ];
    assert_eq!(refused, [Some("CLOSED"); 4]);
}

#[tokio::test]
async fn texts_that_differ_in_a_number_or_a_user_are_separate_memories() {
    let fixture = Fixture::new();
    let mut ids = Vec::new();
    for user in ["ada", "bob"] {
        for text in ["Flight 4711 leaves at 9.", "Flight 4712 leaves at 9."] {
            ids.push(fixture.add(json!({"content": text, "user_id": user})).await.unwrap().version.id);
        }
    }
    ids.dedup();
    assert_eq!((ids.len(), fixture.list(json!({"user_id": "bob"})).len()), (4, 2));
    let hits = fixture.search(json!({"query": "Flight 4712", "filters": {"user_id": "bob"}})).await.unwrap();
    assert_eq!((hits.len(), &hits[0].memory.version.id), (2, &ids[3]));
}

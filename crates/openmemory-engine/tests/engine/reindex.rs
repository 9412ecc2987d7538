//! Can a store change its model? Calls that need vectors are rejected until the reindex is done; all others work.

use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use openmemory_rules::Error;
use openmemory_rules::contract::Control;
use serde_json::{Value, json};

use crate::support::{Fixture, RecordingEmbedder, SHORT, code};

const COUNT: usize = 40;

/// Forty memories embedded by one model, opened with another.
async fn with_another_model() -> (Fixture, Value) {
    let fixture = Fixture::new();
    let items: Vec<_> = (0..COUNT).map(|i| json!({"id": format!("m{i}"), "content": format!("Number {i}.")})).collect();
    fixture.add_many(json!({ "items": items })).await.unwrap();
    fixture.update("m0", json!({"content": "Something else."})).await.unwrap();
    let before = fixture.everything().await;
    (fixture.reopened_with(RecordingEmbedder::new("another")), before)
}

async fn assert_refuses_what_needs_vectors(fixture: &Fixture) {
    let refused = [
        code(&fixture.search(json!({"query": "Number 1."})).await),
        code(&fixture.add(json!({"content": "new"})).await),
        code(&fixture.add_many(json!({"items": [{"content": "new"}]})).await),
        code(&fixture.update("m1", json!({"content": "new"})).await),
        code(&fixture.update_many(json!({"items": [{"id": "m1", "content": "new"}]})).await),
        code(&fixture.restore("m0", 1).await),
    ];
    assert_eq!(refused, [Some("MODEL_MISMATCH"); 6]);
}

/// Runs a reindex and cancels it after two chunks of sixteen.
async fn interrupted(fixture: &Fixture) -> Error {
    let control = Arc::new_cyclic(|control: &std::sync::Weak<Control>| {
        let control = control.clone();
        Control::new(move |done, _| {
            if let (32.., Some(control)) = (done, control.upgrade()) {
                control.cancel();
            }
        })
    });
    fixture.engine.reindex(&control).await.expect_err("was interrupted")
}

#[tokio::test]
async fn before_a_reindex_only_calls_that_need_vectors_are_rejected() {
    let (fixture, before) = with_another_model().await;
    assert_eq!(fixture.everything().await, before);
    assert_refuses_what_needs_vectors(&fixture).await;
    assert_eq!(fixture.everything().await, before);

    fixture.update("m1", json!({"metadata": {"sector": "emotional"}, "tags": ["t"]})).await.unwrap();
    fixture.update("m1", json!({"content": "Number 1.", "metadata": {"a": 1}})).await.unwrap();
    fixture.update_many(json!({"items": [{"id": "m1", "expires_at": null}], "atomic": true})).await.unwrap();
    fixture.reinforce("m1").await.unwrap();
    fixture.delete("m2").await.unwrap();
    assert_eq!((fixture.get("m1").unwrap().version.number, fixture.list(json!({})).len()), (4, COUNT - 1));
    assert_eq!(fixture.embedder.taken(), Vec::<String>::new());
}

#[tokio::test]
async fn an_interrupted_reindex_continues_after_reopening() {
    let (fixture, before) = with_another_model().await;
    let error = interrupted(&fixture).await;
    assert_eq!((error.code().as_str(), error.details()), ("ABORTED", Some(json!({"done": 32, "total": COUNT}))));
    assert_refuses_what_needs_vectors(&fixture).await;
    fixture.update("m1", json!({"metadata": {"a": 1}})).await.unwrap();
    fixture.restore("m1", 1).await.unwrap();

    let fixture = fixture.reopened();
    assert_refuses_what_needs_vectors(&fixture).await;
    fixture.embedder.taken();
    let done = fixture.engine.reindex(&Control::default()).await.unwrap();
    assert_eq!((done.reindexed, done.model.id.as_str()), (COUNT - 32, "another"));
    assert_eq!(fixture.embedder.taken().len(), COUNT - 32);

    let mut after = fixture.everything().await;
    assert_eq!(after["model"]["id"], "another");
    (after["model"], after["memories"][1]) = (before["model"].clone(), before["memories"][1].clone());
    assert_eq!(after, before);
    let hits = fixture.search(json!({"query": "Number 7."})).await.unwrap();
    assert_eq!((hits[0].memory.version.id.as_str(), hits[0].similarity > 0.999), ("m7", true));

    // The earlier text only has vectors of the former model.
    fixture.restore("m0", 1).await.unwrap();
    assert_eq!(fixture.embedder.taken(), ["Number 0."]);
    assert!(fixture.search(json!({"query": "Number 0."})).await.unwrap()[0].similarity > 0.999);
    assert_eq!(fixture.engine.reindex(&Control::default()).await.unwrap().reindexed, 0);
}

#[tokio::test]
async fn an_interrupted_reindex_can_be_reverted_with_the_former_model() {
    let (fixture, before) = with_another_model().await;
    interrupted(&fixture).await;
    let fixture = fixture.reopened_with(RecordingEmbedder::new("first"));
    assert_refuses_what_needs_vectors(&fixture).await;
    assert_eq!(fixture.engine.reindex(&Control::default()).await.unwrap().reindexed, 32);
    assert_eq!(fixture.everything().await, before);
    for i in 1..COUNT {
        assert!(found(&fixture, json!({"query": format!("Number {i}.")}), &format!("m{i}")).await);
    }
}

#[tokio::test]
async fn a_reindex_to_other_dimensions_is_interrupted_and_ends() {
    let (fixture, before) = with_another_model().await;
    let fixture = fixture.reopened_with(RecordingEmbedder::new(SHORT));
    interrupted(&fixture).await;
    assert_refuses_what_needs_vectors(&fixture).await;
    let fixture = fixture.reopened();
    // Most memories have vectors that do not fit the others'.
    fixture.engine.ready().await.unwrap();
    assert_refuses_what_needs_vectors(&fixture).await;
    fixture.update("m1", json!({"metadata": {"sector": "emotional"}})).await.unwrap();
    fixture.update("m1", json!({"metadata": {"sector": null}})).await.unwrap();
    fixture.engine.reindex(&Control::default()).await.unwrap();
    for i in 1..COUNT {
        assert!(found(&fixture, json!({"query": format!("Number {i}.")}), &format!("m{i}")).await);
    }
    assert_eq!(fixture.everything().await["count"], before["count"]);
}

/// Whether a search returns `id` with a similarity of almost 1.
async fn found(fixture: &Fixture, mut request: Value, id: &str) -> bool {
    request["limit"] = json!(1000);
    let hits = fixture.search(request).await.unwrap();
    hits.iter().any(|hit| hit.memory.version.id.as_str() == id && hit.similarity > 0.999)
}

/// A reindex ends by letting all partitions go. A concurrent write must not get lost in that.
#[test]
fn writes_during_a_reindex_reach_the_index() {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let fixture = Fixture::new();
    let busy = |i: usize| json!({"id": format!("m{i}"), "content": format!("Number {i}."), "user_id": "busy"});
    let idle = |i: usize| json!({"content": format!("Number {i}.")});
    let items: Vec<_> = (0..8).map(busy).chain((8..1000).map(idle)).collect();
    runtime().block_on(fixture.add_many(json!({ "items": items }))).unwrap();
    for round in 0..40_u64 {
        let sector = ["emotional", "reflective"][round as usize % 2];
        let begin = Barrier::new(9);
        std::thread::scope(|threads| {
            for i in 0..8 {
                let (fixture, begin) = (&fixture, &begin);
                threads.spawn(move || {
                    begin.wait();
                    let began = Instant::now();
                    // Spreads the writes over the duration of the reindex.
                    while began.elapsed() < Duration::from_micros(round * 500 + i * 60) {
                        std::hint::spin_loop();
                    }
                    let patch = json!({"metadata": {"sector": sector}});
                    runtime().block_on(fixture.update(&format!("m{i}"), patch)).unwrap();
                });
            }
            begin.wait();
            runtime().block_on(fixture.engine.reindex(&Control::default())).unwrap();
        });
        let request = json!({"query": "Number", "filters": {"user_id": "busy"}, "sectors": [sector], "limit": 8});
        assert_eq!(runtime().block_on(fixture.search(request)).unwrap().len(), 8, "round {round}");
    }
}

#[tokio::test]
async fn a_store_closed_right_after_a_reindex_releases_its_directory() {
    let mut fixture = Fixture::new();
    fixture.add(json!({"content": "Tea."})).await.unwrap();
    for model in ["second", "third model"].into_iter().cycle().take(60) {
        fixture = fixture.reopened_with(RecordingEmbedder::new(model));
        fixture.engine.reindex(&Control::default()).await.unwrap();
        // A search begins to load its partition, which goes on when nobody waits for the search any longer.
        let search = fixture.search(json!({"query": "Tea."}));
        let _ = tokio::time::timeout(Duration::ZERO, search).await;
    }
}

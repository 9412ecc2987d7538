//! Do concurrent updates of one memory all take effect, in order, if they were accepted, and not at all otherwise?

use std::collections::BTreeSet;
use std::sync::Arc;

use openmemory_domain::request::Update;
use openmemory_rules::Error;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Fixture, code, to_json};

/// Runs updates of memory `m` concurrently and returns their results in the order in which they end.
async fn concurrently(
    fixture: &Fixture,
    requests: impl IntoIterator<Item = Value>,
) -> Vec<Result<openmemory_domain::Memory, Error>> {
    let mut updates = JoinSet::new();
    for request in requests {
        let engine = Arc::clone(&fixture.engine);
        updates.spawn(async move { engine.update(Update::read(request)?).await });
    }
    updates.join_all().await
}

#[tokio::test]
async fn twenty_concurrent_merges_all_survive_each_based_on_its_predecessor() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "The capital of France is Paris."})).await.unwrap();
    let merges = (0..20).map(|i| json!({"id": "m", "patch": {"metadata": {format!("field{i}"): i}}}));
    let results = concurrently(&fixture, merges).await;

    let versions: BTreeSet<u64> = results.iter().map(|memory| memory.as_ref().unwrap().version.number).collect();
    assert_eq!(versions, (2..=21).collect());
    let memory = fixture.get("m").unwrap().version;
    assert_eq!((memory.number, memory.metadata.fields().len()), (21, 20));
    let history = fixture.history("m").unwrap();
    assert_eq!(
        history.iter().map(|entry| entry.version.number).collect::<Vec<_>>(),
        (1..=21).rev().collect::<Vec<_>>()
    );
    for pair in history.windows(2) {
        let [change] = &pair[0].changes[..] else { panic!("{:?}", pair[0].changes) };
        let key = change.field.strip_prefix("metadata.").unwrap();
        let mut after = pair[1].version.metadata.fields();
        after.insert(key.to_owned(), change.to.clone().unwrap());
        assert_eq!(pair[0].version.metadata.fields(), after);
    }
}

#[tokio::test]
async fn concurrent_changes_of_tags_and_content_both_survive() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "The meeting is in room 0."})).await.unwrap();
    for pair in 1..=50 {
        let content = format!("The meeting is in room {pair}.");
        let tag = format!("tag{pair}");
        let results = concurrently(
            &fixture,
            [json!({"id": "m", "patch": {"content": content}}), json!({"id": "m", "patch": {"tags": [tag]}})],
        )
        .await;
        assert!(results.iter().all(Result::is_ok));
        let memory = fixture.get("m").unwrap();
        assert_eq!((memory.version.number, memory.content), (2 * pair + 1, content));
        assert_eq!(memory.version.tags.as_slice(), [tag]);
    }
    assert_eq!(fixture.history("m").unwrap().len(), 101);
}

#[tokio::test]
async fn of_twenty_updates_of_one_version_exactly_one_wins() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "The capital of France is Paris."})).await.unwrap();
    let updates = (0..20).map(|i| json!({"id": "m", "ifVersion": 1, "patch": {"metadata": {"winner": i}}}));
    let results = concurrently(&fixture, updates).await;

    let winners: Vec<_> = results.iter().flatten().collect();
    let [winner] = winners[..] else { panic!("{} won", winners.len()) };
    assert_eq!(winner.version.number, 2);
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(error.code().as_str(), "VERSION_CONFLICT");
        assert_eq!(error.details(), Some(json!({"id": "m", "version": 2, "expected": 1})));
    }
    assert_eq!(to_json(&fixture.get("m").unwrap()), to_json(winner));
}

/// A text that was embedded for one version must not be applied to another.
#[tokio::test]
async fn a_content_update_whose_version_was_replaced_during_embedding_changes_nothing() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "first"})).await.unwrap();
    fixture.embedder.taken();
    let gate = fixture.embedder.gate.lock().await;
    let mut slow = JoinSet::new();
    let engine = Arc::clone(&fixture.engine);
    let request = json!({"id": "m", "ifVersion": 1, "patch": {"content": "second"}});
    slow.spawn(async move { engine.update(Update::read(request)?).await });
    fixture.embedder.called().await;
    fixture.update("m", json!({"tags": ["quick"]})).await.unwrap();
    drop(gate);
    assert_eq!(slow.join_all().await.iter().map(code).collect::<Vec<_>>(), [Some("VERSION_CONFLICT")]);
    let memory = fixture.get("m").unwrap();
    assert_eq!((memory.content.as_str(), memory.version.number), ("first", 2));
}

#[tokio::test]
async fn a_rejected_update_changes_nothing() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "first", "metadata": {"kept": 1}})).await.unwrap();
    fixture.add(json!({"id": "fixed", "content": "first", "immutable": true})).await.unwrap();
    let before = fixture.everything().await;
    for (patch, field) in [
        (json!({}), "patch"),
        (json!({"title": "x"}), "title"),
        (json!({"content": null}), "content"),
        (json!({"content": " "}), "content"),
        (json!({"tags": null}), "tags"),
        (json!({"metadata": {"a": {"b": 1_u64 << 60}}}), "metadata.a.b"),
        (json!({"metadata": {"sector": "dreams"}}), "metadata.sector"),
    ] {
        let error = fixture.update("m", patch).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.field()), ("INVALID_ARGUMENT", Some(field)));
    }
    for patch in [json!({"tags": vec!["t"; 65]}), json!({"content": "x".repeat(200_001)})] {
        assert_eq!(code(&fixture.update("m", patch).await), Some("LIMIT_EXCEEDED"));
    }
    // Only together with the existing metadata is it too large.
    let half = "x".repeat(650_000);
    fixture.update("m", json!({"metadata": {"half": half}})).await.unwrap();
    assert_eq!(code(&fixture.update("m", json!({"metadata": {"other": half}})).await), Some("LIMIT_EXCEEDED"));
    assert_eq!(fixture.get("m").unwrap().version.number, 2);
    fixture.restore("m", 1).await.unwrap();

    assert_eq!(code(&fixture.update("unknown", json!({"tags": []})).await), Some("NOT_FOUND"));
    assert_eq!(code(&fixture.update("", json!({"tags": []})).await), Some("MISSING_ID"));
    assert_eq!(code(&fixture.update("fixed", json!({"tags": []})).await), Some("IMMUTABLE"));
    assert_eq!(code(&fixture.restore("fixed", 1).await), Some("IMMUTABLE"));
    assert_eq!(before["memories"][1], fixture.everything().await["memories"][1]);
}

#[tokio::test]
async fn updates_change_neither_salience_nor_links() {
    let fixture = Fixture::new();
    let text = "I feel anxious and afraid about the exam tomorrow.";
    fixture.add(json!({"id": "other", "content": text})).await.unwrap();
    let added = fixture.add(json!({"id": "m", "content": text})).await.unwrap();
    let (salience, links) = (to_json(&added)["salience"].clone(), fixture.waypoints("m"));
    assert_eq!(links.as_array().unwrap().len(), 1);
    for patch in [
        json!({"content": "To install the package, run npm install and restart the server."}),
        json!({"metadata": {"sector": "reflective"}}),
        json!({"tags": ["a"]}),
    ] {
        let updated = fixture.update("m", patch).await.unwrap();
        assert_eq!(to_json(&updated)["salience"], salience);
    }
    assert_eq!(fixture.waypoints("m"), links);

    let before = fixture.get("m").unwrap().version;
    let raised = to_json(&fixture.reinforce("m").await.unwrap())["salience"].as_f64().unwrap();
    assert!((raised - salience.as_f64().unwrap() - 0.1).abs() < 1e-9);
    fixture.feedback("m", "POSITIVE").await.unwrap();
    fixture.clock.advance(1000);
    assert_eq!(fixture.get("m").unwrap().version, before);
    assert_eq!(fixture.history("m").unwrap().len(), 4);
}

#[tokio::test]
async fn a_new_text_keeps_links_and_adds_some_up_to_the_limit() {
    let fixture = Fixture::new();
    let (exam, tea) = ("I feel anxious about the exam tomorrow.", "Green tea is drunk without milk.");
    for (id, content) in [("exam", exam), ("tea", tea), ("m", exam)] {
        fixture.add(json!({"id": id, "content": content})).await.unwrap();
    }
    let linked = |id: &str| {
        let links = fixture.waypoints(id);
        let mut ids: Vec<String> =
            links.as_array().unwrap().iter().map(|link| link["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(linked("m"), ["exam"]);
    fixture.update("m", json!({"content": tea})).await.unwrap();
    assert_eq!(linked("m"), ["exam", "tea"]);
    assert_eq!(linked("tea"), ["m"]);

    for n in 0..3 {
        fixture.add(json!({"id": format!("more{n}"), "content": exam})).await.unwrap();
    }
    let before = linked("exam");
    assert!(before.len() >= 3);
    let items = json!({"items": [{"id": "exam", "content": tea}]});
    fixture.update_many(items).await.unwrap().remove(0).unwrap();
    assert_eq!(linked("exam"), before);
}

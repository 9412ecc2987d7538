//! What does a search change? It raises salience and strengthens links a little, and never creates a version.

use serde_json::json;

use crate::support::{Fixture, to_json};

const TEXT: &str = "The cello stands in the blue room";

/// Longer than the interval between two commits of reinforcements.
const INTERVAL_MS: i64 = 11_000;

async fn with_two() -> Fixture {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "one", "content": TEXT})).await.unwrap();
    fixture.add(json!({"id": "two", "content": format!("{TEXT} today")})).await.unwrap();
    fixture
}

fn salience(fixture: &Fixture, id: &str) -> f64 {
    to_json(&fixture.get(id).unwrap())["salience"].as_f64().unwrap()
}

#[tokio::test]
async fn a_hundred_searches_change_no_version_and_no_time() {
    let fixture = with_two().await;
    let before = (fixture.get("one").unwrap().version, fixture.history("one").unwrap());
    for _ in 0..100 {
        fixture.clock.advance(1000);
        assert_eq!(fixture.search(json!({"query": "cello"})).await.unwrap().len(), 2);
    }
    let fixture = fixture.reopened();
    assert_eq!((fixture.get("one").unwrap().version, fixture.history("one").unwrap()), before);
}

#[tokio::test]
async fn hits_gain_salience_up_to_one() {
    let fixture = with_two().await;
    let before = salience(&fixture, "one");
    fixture.search(json!({"query": "cello"})).await.unwrap();
    assert_eq!(salience(&fixture, "one"), before, "nothing is written at once");
    let fixture = fixture.reopened();
    let once = salience(&fixture, "one");
    assert!((once - (before + 0.05 * (1.0 - before))).abs() < 1e-9, "{before} {once}");
    for _ in 0..100 {
        fixture.clock.advance(INTERVAL_MS);
        fixture.search(json!({"query": "cello"})).await.unwrap();
    }
    let fixture = fixture.reopened();
    let often = salience(&fixture, "one");
    assert!(often > once && often <= 1.0, "{often}");
}

#[tokio::test]
async fn searches_within_the_interval_count_once() {
    let fixture = with_two().await;
    let before = salience(&fixture, "one");
    for _ in 0..1000 {
        fixture.search(json!({"query": "cello"})).await.unwrap();
    }
    let fixture = fixture.reopened();
    assert!((salience(&fixture, "one") - (before + 0.05 * (1.0 - before))).abs() < 1e-9);
}

#[tokio::test]
async fn links_between_memories_found_together_are_strengthened() {
    let fixture = with_two().await;
    let weight = |fixture: &Fixture, id| fixture.waypoints(id)[0]["weight"].as_f64().unwrap();
    let before = weight(&fixture, "one");
    assert!(before > 0.6 && before < 1.0, "{before}");
    fixture.clock.advance(3_600_000);
    fixture.search(json!({"query": "cello"})).await.unwrap();
    let fixture = fixture.reopened();
    let expected = before + 0.1 * (1.0 - before) * (-1.0f64).exp();
    assert!((weight(&fixture, "one") - expected).abs() < 1e-6, "{before}, {expected}");
    assert_eq!(weight(&fixture, "one"), weight(&fixture, "two"));
}

#[tokio::test]
async fn links_of_a_memory_found_alone_do_not_change() {
    let fixture = with_two().await;
    let before = fixture.waypoints("one");
    fixture.search(json!({"query": "cello", "limit": 1})).await.unwrap();
    assert_eq!(fixture.reopened().waypoints("one"), before);
}

#[tokio::test]
async fn a_memory_deleted_after_the_search_is_not_reinforced() {
    let fixture = with_two().await;
    fixture.search(json!({"query": "cello"})).await.unwrap();
    fixture.delete("one").await.unwrap();
    let fixture = fixture.reopened();
    assert!(fixture.get("one").is_err());
    assert_eq!(fixture.waypoints("two"), json!([]));
}

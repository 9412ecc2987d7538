//! What does a clock that jumps do? Set back by a year, it hides no memory, reorders no history and raises no salience.
//! Ahead by 50 years for a while, it costs no salience.

use serde_json::json;

use crate::support::{Fixture, START, code};

const YEAR: i64 = 365 * 86_400_000;

#[tokio::test]
async fn after_a_jump_back_versions_keep_the_latest_time() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "one"})).await.unwrap();
    fixture.clock.advance(1000);
    fixture.update("m", json!({"content": "two"})).await.unwrap();
    fixture.clock.advance(-YEAR);
    let third = fixture.update("m", json!({"content": "three"})).await.unwrap();
    assert_eq!(third.version.updated_at.millis(), START + 1000);
    fixture.clock.set(START + 2000);
    fixture.update("m", json!({"content": "four"})).await.unwrap();

    let at = |at: i64| fixture.get_by(json!({"id": "m", "asOf": timestamp(at)})).map(|memory| memory.content);
    assert_eq!(code(&at(START - 1)), Some("NOT_FOUND"));
    let found = [START, START + 999, START + 1000, START + 2000].map(|moment| at(moment).unwrap());
    assert_eq!(found, ["one", "one", "three", "four"]);
    let times: Vec<_> = fixture.history("m").unwrap().iter().map(|entry| entry.version.updated_at).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older));
}

#[tokio::test]
async fn after_a_jump_back_an_expired_memory_is_visible_again_and_none_is_lost() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "one", "expires_at": timestamp(START + 10)})).await.unwrap();
    let hits = async || fixture.search(json!({"query": "one"})).await.unwrap().len();
    assert_eq!(hits().await, 1);
    fixture.clock.advance(10);
    assert_eq!(hits().await, 0);
    fixture.clock.advance(-YEAR);
    assert_eq!(hits().await, 1);
    let fixture = fixture.reopened();
    assert_eq!(fixture.get("m").unwrap().content, "one");
}

#[tokio::test]
async fn salience_neither_rises_nor_becomes_invalid_when_the_clock_jumps() {
    let fixture = Fixture::new();
    let new = fixture.add(json!({"id": "m", "content": "one"})).await.unwrap();
    let now = || fixture.get("m").map(|memory| memory.dynamics.salience().at(memory.now)).unwrap();
    let first = new.dynamics.salience().at(new.now);
    fixture.clock.advance(-YEAR);
    assert!((now() - first).abs() < 1e-12);
    fixture.reinforce("m").await.unwrap();
    fixture.update("m", json!({"metadata": {"sector": "emotional"}})).await.unwrap();
    assert!((now() - (first + 0.1)).abs() < 1e-12);
    fixture.clock.advance(100 * YEAR);
    assert!((0.0..0.01).contains(&now()));
}

/// Two memories with a salience of 0.5, used in a session that has ended, and whose clock was 50 years ahead.
async fn after_a_session_ahead(used: impl AsyncFn(&Fixture)) -> Fixture {
    let fixture = Fixture::new();
    for id in ["one", "two"] {
        let content = format!("The cello of {id} stands in the blue room");
        fixture.add(json!({"id": id, "content": content, "metadata": {"sector": "procedural"}})).await.unwrap();
    }
    fixture.clock.advance(50 * YEAR);
    let fixture = fixture.reopened();
    used(&fixture).await;
    let fixture = fixture.reopened();
    fixture.clock.set(START + 1000);
    fixture
}

fn salience(fixture: &Fixture, id: &str) -> f64 {
    fixture.get(id).map(|memory| memory.dynamics.salience().at(memory.now)).unwrap()
}

#[tokio::test]
async fn searches_while_the_clock_was_ahead_cost_no_salience() {
    let fixture = after_a_session_ahead(async |fixture| {
        for _ in 0..3 {
            assert_eq!(fixture.search(json!({"query": "cello"})).await.unwrap().len(), 2);
            fixture.clock.advance(11_000);
        }
        fixture.update("one", json!({"tags": ["after what was queued"]})).await.unwrap();
        let found = salience(fixture, "one");
        assert!((0.05..0.2).contains(&found), "{found}");
    })
    .await;
    for id in ["one", "two"] {
        assert!((salience(&fixture, id) - 0.5).abs() < 1e-6, "{}", salience(&fixture, id));
    }
}

#[tokio::test]
async fn reinforcing_or_a_faster_decaying_sector_while_the_clock_was_ahead_costs_no_salience() {
    let fixture = after_a_session_ahead(async |fixture| {
        fixture.reinforce("one").await.unwrap();
        fixture.update("two", json!({"metadata": {"sector": "emotional"}})).await.unwrap();
        assert!((salience(fixture, "one") - 0.1).abs() < 1e-9);
        assert!(salience(fixture, "two") < 1e-50);
    })
    .await;
    for id in ["one", "two"] {
        assert!((salience(&fixture, id) - 0.5).abs() < 1e-6, "{}", salience(&fixture, id));
    }
}

#[tokio::test]
async fn links_strengthened_while_the_clock_was_ahead_can_be_strengthened_again() {
    let fixture = after_a_session_ahead(async |fixture| {
        fixture.search(json!({"query": "cello"})).await.unwrap();
    })
    .await;
    let weight = |fixture: &Fixture| fixture.waypoints("one")[0]["weight"].as_f64().unwrap();
    fixture.search(json!({"query": "cello"})).await.unwrap();
    let fixture = fixture.reopened();
    let before = weight(&fixture);
    fixture.clock.advance(YEAR);
    fixture.search(json!({"query": "cello"})).await.unwrap();
    assert_eq!(weight(&fixture.reopened()), before);
}

#[tokio::test]
async fn reinforcements_are_written_after_the_clock_was_set_back() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "The cello stands in the blue room"})).await.unwrap();
    let before = salience(&fixture, "m");
    fixture.clock.advance(YEAR);
    fixture.search(json!({"query": "cello"})).await.unwrap();
    fixture.clock.set(START);
    fixture.search(json!({"query": "cello"})).await.unwrap();
    fixture.update("m", json!({"tags": ["after what was queued"]})).await.unwrap();
    assert!(salience(&fixture, "m") > before);
}

fn timestamp(millis: i64) -> String {
    openmemory_domain::Timestamp::from_millis(millis).to_string()
}

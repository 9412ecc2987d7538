//! Are earlier states readable exactly, by version and by time, until the memory is deleted?

use openmemory_domain::request::{Restore, Update};
use openmemory_rules::contract::Control;
use serde_json::{Value, json};

use crate::support::{Fixture, START, code, to_json};

/// The fields that a version records; the others depend on the time of reading or on how the version was created.
fn state(memory: &Value) -> Value {
    let fields = ["content", "tags", "metadata", "sectors", "primary_sector", "expires_at", "created_at"];
    Value::Object(fields.iter().map(|field| ((*field).to_owned(), memory[field].clone())).collect())
}

#[tokio::test]
async fn every_earlier_state_is_returned_by_version_by_time_in_history_and_by_restore() {
    let fixture = Fixture::new();
    let mut states = vec![
        to_json(
            &fixture
                .add(json!({"id": "m", "content": "The capital is Bonn.", "tags": ["a", "b", "a"], "metadata": {"z": 1, "a": [null]}}))
                .await
                .unwrap(),
        ),
    ];
    for patch in [
        json!({"content": "I feel anxious and afraid. The capital is Berlin."}),
        json!({"tags": ["b"], "metadata": {"z": null, "__proto__": {"x": 1}}}),
        json!({"metadata": {"sector": "reflective"}, "expires_at": "2031-05-06"}),
        json!({"content": "Die Hauptstadt ist Berlin \u{1F642}\u{0301}\u{0}.", "expires_at": null}),
        json!({"content": "The capital is Bonn.", "metadata": {"sector": null}}),
    ] {
        fixture.clock.advance(1000);
        states.push(to_json(&fixture.update("m", patch).await.unwrap()));
    }
    let check = |fixture: &Fixture| {
        for (i, expected) in states.iter().enumerate() {
            let at = openmemory_domain::Timestamp::from_millis(START + 1000 * i as i64 + 999).to_string();
            for request in [json!({"id": "m", "version": i + 1}), json!({"id": "m", "asOf": at})] {
                let found = to_json(&fixture.get_by(request).unwrap());
                assert_eq!(state(&found), state(expected));
                assert_eq!((&found["version"], &found["updated_at"]), (&expected["version"], &expected["updated_at"]));
            }
        }
        let history = fixture.history("m").unwrap();
        let earlier = history.iter().rev().take(states.len()).map(to_json);
        assert!(earlier.map(|entry| state(&entry)).eq(states.iter().map(state)));
    };
    check(&fixture);
    for (i, expected) in states.iter().enumerate() {
        fixture.clock.advance(1000);
        let restored = to_json(&fixture.restore("m", i as u64 + 1).await.unwrap());
        assert_eq!(state(&restored), state(expected));
        assert_eq!(restored["version"], states.len() + 1 + i);
    }
    check(&fixture);
    check(&fixture.reopened());
}

#[tokio::test]
async fn history_has_changes_actor_and_reason() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "one", "metadata": {"a": 1, "sector": "semantic"}})).await.unwrap();
    let patch = json!({"content": "two", "tags": ["t"], "metadata": {"a": null, "b": 2}, "expires_at": "2031-01-01"});
    let update = Update::read(json!({"id": "m", "patch": patch, "actor": "ada", "reason": "moved"})).unwrap();
    fixture.engine.update(update).await.unwrap();
    let restore = Restore::read(json!({"id": "m", "version": 1, "ifVersion": 2, "actor": "bob"})).unwrap();
    fixture.engine.restore(restore).await.unwrap();

    let [restored, updated, added] = &fixture.history("m").unwrap().iter().map(to_json).collect::<Vec<_>>()[..] else {
        panic!("not three")
    };
    assert_eq!((&added["event"], &added["changes"]), (&json!("ADD"), &json!([])));
    assert_eq!([&updated["event"], &updated["actor"], &updated["reason"]], ["UPDATE", "ada", "moved"]);
    let changes = json!([
        {"field": "content", "from": "one", "to": "two"},
        {"field": "tags", "from": [], "to": ["t"]},
        {"field": "metadata.a", "from": 1},
        {"field": "metadata.b", "to": 2},
        {"field": "expires_at", "to": "2031-01-01T00:00:00.000Z"},
        {"field": "valid_from", "to": updated["updated_at"]},
    ]);
    assert_eq!(updated["changes"], changes);
    assert_eq!(
        (&restored["event"], &restored["restored_from"], &restored["actor"]),
        (&json!("RESTORE"), &json!(1), &json!("bob"))
    );
    let page = |request| {
        fixture.engine.history(&openmemory_domain::request::History::read(request).unwrap(), &Control::default())
    };
    let numbers = |request| page(request).unwrap().iter().map(|entry| entry.version.number).collect::<Vec<_>>();
    assert_eq!(numbers(json!({"id": "m", "limit": 2})), [3, 2]);
    assert_eq!(numbers(json!({"id": "m", "before": 2})), [1]);
    assert_eq!(page(json!({"id": "m", "limit": 1, "before": 3})).unwrap()[0].changes.len(), 6);
}

#[tokio::test]
async fn versions_and_times_that_never_existed_are_not_found() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "one"})).await.unwrap();
    for request in
        [json!({"id": "m", "asOf": "2025-01-20T14:34:59.999Z"}), json!({"id": "m", "version": 2}), json!({"id": "n"})]
    {
        assert_eq!(code(&fixture.get_by(request)), Some("NOT_FOUND"));
    }
    assert_eq!(code(&fixture.restore("m", 2).await), Some("NOT_FOUND"));
}

#[tokio::test]
async fn the_time_of_a_version_is_never_before_that_of_an_earlier_one() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "one"})).await.unwrap();
    fixture.clock.advance(-60_000);
    let updated = fixture.update("m", json!({"content": "two"})).await.unwrap().version;
    assert_eq!((updated.number, updated.updated_at.millis()), (2, START));
}

#[tokio::test]
async fn a_deleted_memory_leaves_only_a_tombstone() {
    let mut fixture = Fixture::new();
    let text = "I feel anxious and afraid about the exam tomorrow.";
    fixture.add(json!({"id": "stays", "content": text})).await.unwrap();
    let before = fixture.everything().await;
    // Null counts as absent.
    let add = json!({"id": "m", "content": text, "tags": ["a"], "user_id": null, "run_id": "r"});
    assert_eq!(fixture.add(add).await.unwrap().version.scope.user_id, None);
    fixture.update("m", json!({"content": "Something else.", "tags": ["b"]})).await.unwrap();
    assert_eq!(fixture.waypoints("stays").as_array().unwrap().len(), 1);
    fixture.clock.advance(5000);
    let deleted = to_json(&fixture.delete("m").await.unwrap());
    assert_eq!([&deleted["content"], &deleted["deleted_at"]], ["Something else.", "2025-01-20T14:35:05.000Z"]);

    for _ in 0..2 {
        let tombstone = json!({"id": "m", "deleted": true, "deleted_at": deleted["deleted_at"], "version": 2});
        assert_eq!(fixture.get("m").unwrap_err().details(), Some(tombstone));
        let refused = [
            code(&fixture.get_by(json!({"id": "m", "version": 1}))),
            code(&fixture.update("m", json!({"tags": []})).await),
        ];
        assert_eq!(refused, [Some("NOT_FOUND"); 2]);
        assert_eq!([code(&fixture.delete("m").await), code(&fixture.history("m"))], [Some("NOT_FOUND"); 2]);
        assert_eq!(code(&fixture.restore("m", 1).await), Some("NOT_FOUND"));
        for filter in [json!({"tags": "a"}), json!({"tags": "b"}), json!({"run_id": "r"})] {
            assert!(fixture.list(filter).is_empty());
        }
        assert_eq!(fixture.search(json!({"query": "Something else."})).await.unwrap().len(), 1);
        let after = fixture.everything().await;
        for field in ["count", "vectors", "users"] {
            assert_eq!(after[field], before[field], "{field}");
        }
        assert_eq!(after["memories"][0][2], json!([]), "links");
        fixture = fixture.reopened();
    }
    let again = fixture.add(json!({"id": "m", "content": "again"})).await.unwrap();
    assert_eq!((again.version.number, fixture.history("m").unwrap().len()), (1, 1));
}

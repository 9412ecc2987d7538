//! Does a corrected `created_at` move a memory in every list, and are entities counted correctly?

use openmemory_domain::filter;
use openmemory_domain::request::{List, Update};
use openmemory_domain::{Event, MemoryId, Patch, Provenance, Shown, Tags, Timestamp};
use openmemory_rules::contract::Control;
use serde_json::{Value, json};

use crate::support::Fixture;

fn listed(fixture: &Fixture, filters: Value) -> Vec<String> {
    let page = fixture.engine.list(&List::read(json!({ "filters": filters })).unwrap(), &Control::default()).unwrap();
    page.memories.iter().map(|memory| memory.version.id.to_string()).collect()
}

#[tokio::test]
async fn a_corrected_time_moves_a_memory_in_every_list() {
    let fixture = Fixture::new();
    for (id, day) in [("a", 1), ("b", 2), ("c", 3)] {
        let at = format!("2024-01-0{day}");
        let new =
            json!({"id": id, "content": id, "tags": ["t", "old"], "user_id": "u", "run_id": "r", "created_at": at});
        fixture.add(new).await.unwrap();
    }
    let patch = Patch {
        created_at: Timestamp::parse("2024-02-01"),
        tags: Some(Tags::read("tags", vec!["t".into(), "new".into()]).unwrap()),
        ..Patch::default()
    };
    let provenance = Provenance { event: Event::Update, actor: None, reason: None };
    let id = MemoryId::read("id", "a").unwrap();
    let updated = fixture.engine.update(Update { id, patch, if_version: None, provenance }).await.unwrap();
    assert_eq!(updated.version.created_at, Timestamp::parse("2024-02-01").unwrap());

    for filters in [json!({}), json!({"user_id": "u"}), json!({"run_id": "r"}), json!({"tags": "t"})] {
        assert_eq!(listed(&fixture, filters.clone()), ["a", "c", "b"], "{filters}");
    }
    assert_eq!(listed(&fixture, json!({"tags": "new"})), ["a"]);
    assert_eq!(listed(&fixture, json!({"tags": "old"})), ["c", "b"]);
    let history = serde_json::to_value(fixture.history("a").unwrap()).unwrap();
    assert_eq!(history[0]["changes"][1]["field"], "created_at");
    assert_eq!(history[1]["created_at"], "2024-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn entities_and_matching_memories_are_counted() {
    let fixture = Fixture::new();
    for (id, user, agent) in [("1", "u", Some("a")), ("2", "u", None), ("3", "v", Some("a"))] {
        let mut new = json!({"id": id, "content": "x", "user_id": user});
        if let Some(agent) = agent {
            new["agent_id"] = agent.into();
        }
        fixture.add(new).await.unwrap();
    }
    fixture.add(json!({"content": "expired", "user_id": "v", "expires_at": "2000-01-01"})).await.unwrap();
    let entities = fixture.engine.entities(&Control::default()).unwrap();
    let counts: Vec<_> = entities.iter().map(|e| (e.field, e.value.as_str(), e.memories)).collect();
    assert_eq!(counts, [("agent_id", "a", 2), ("user_id", "u", 2), ("user_id", "v", 2)]);
    let filter = filter::parse(&json!({"user_id": "v"})).unwrap();
    assert_eq!(fixture.engine.count_matching(Some(&filter), Shown::default(), &Control::default()).unwrap(), 1);
    assert_eq!(
        fixture
            .engine
            .count_matching(Some(&filter), Shown { expired: true, ..Shown::default() }, &Control::default())
            .unwrap(),
        2
    );
    assert_eq!(fixture.engine.count_matching(None, Shown::default(), &Control::default()).unwrap(), 3);
}

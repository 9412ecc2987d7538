//! What do two servers see of each other's memories?

use std::sync::Arc;
use std::time::Duration;

use openmemory_domain::ErrorCode;
use openmemory_domain::request::{Delete, Get, History, List, Operations, Restore, Watch};
use openmemory_rules::contract::{ChangeKind, Control, Hit, MemoryStore, Stores};
use serde_json::json;
use tokio::time::timeout;

use crate::server::Server;
use crate::support::{add, connect, search, stores, updating};

fn get(id: &str) -> Get {
    Get::read(json!({ "id": id })).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_at_one_server_is_seen_at_the_other() {
    let server = Server::start();
    let url = server.database();
    let (one, other) = (stores(&url), stores(&url));
    let (one, other) = (one.tenant("default").await.unwrap(), other.tenant("default").await.unwrap());
    add(&one, json!({ "content": "Ada drinks tea in the morning", "user_id": "ada", "id": "tea" })).await.unwrap();
    let found = other.get(get("tea")).await.unwrap();
    assert_eq!(found.content, "Ada drinks tea in the morning");
    let ask = json!({ "query": "what does Ada drink", "filters": { "user_id": "ada" } });
    assert_eq!(search(&other, ask.clone()).await.unwrap().len(), 1);

    let change = json!({ "content": "Ada drinks coffee in the morning", "tags": ["drinks"] });
    let updated = one.update(updating("tea", change)).await.unwrap();
    assert_eq!(updated.version.number, 2);
    let hits = search(&other, ask.clone()).await.unwrap();
    assert_eq!(hits[0].memory.content, "Ada drinks coffee in the morning");

    let history = other.history(History::read(json!({ "id": "tea" })).unwrap(), Arc::default()).await.unwrap();
    assert_eq!(history.iter().map(|version| version.version.number).collect::<Vec<_>>(), [2, 1]);
    let back = other.restore(Restore::read(json!({ "id": "tea", "version": 1 })).unwrap()).await.unwrap();
    assert_eq!((back.version.number, &*back.content), (3, "Ada drinks tea in the morning"));

    let wrong = other.delete(Delete::read(json!({ "id": "tea", "ifVersion": 2 })).unwrap()).await.unwrap_err();
    assert_eq!(wrong.code(), ErrorCode::VersionConflict);
    other.delete(Delete::read(json!({ "id": "tea" })).unwrap()).await.unwrap();
    let gone = one.get(get("tea")).await.unwrap_err();
    assert_eq!((gone.code(), &gone.details().unwrap()["deleted"]), (ErrorCode::NotFound, &json!(true)));
    assert!(search(&one, ask).await.unwrap().is_empty());
    add(&one, json!({ "content": "Ada drinks water", "user_id": "ada", "id": "tea" })).await.unwrap();
    assert_eq!(other.get(get("tea")).await.unwrap().version.number, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_after_writes_of_its_own_process_asks_for_no_changes() {
    let server = Server::start();
    let url = server.database();
    let (one, other) = (stores(&url), stores(&url));
    let (one, other) = (one.tenant("default").await.unwrap(), other.tenant("default").await.unwrap());
    let ask = || json!({ "query": "what does Ada drink", "filters": { "user_id": "ada" } });
    let texts = |hits: Vec<Hit>| hits.into_iter().map(|hit| hit.memory.content).collect::<Vec<_>>();
    for (id, content) in [("drink", "Ada drinks tea"), ("home", "Ada lives in Rome"), ("pet", "Ada has a cat")] {
        add(&one, json!({ "content": content, "user_id": "ada", "id": id })).await.unwrap();
    }
    for store in [&one, &other] {
        assert_eq!(search(store, ask()).await.unwrap().len(), 3);
    }
    one.update(updating("drink", json!({ "content": "Ada drinks milk" }))).await.unwrap();
    one.delete(Delete::read(json!({ "id": "pet" })).unwrap()).await.unwrap();
    add(&one, json!({ "content": "Ada drinks coffee at work", "user_id": "ada" })).await.unwrap();

    let mut client = connect(&url).await;
    let locked = client.transaction().await.unwrap();
    locked.batch_execute("LOCK TABLE om_change IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let found = timeout(Duration::from_secs(5), search(&one, ask())).await.expect("it waits for changes").unwrap();
    let expected = ["Ada drinks milk", "Ada drinks coffee at work", "Ada lives in Rome"];
    assert_eq!(texts(found), expected);
    let waits = timeout(Duration::from_millis(300), search(&other, ask())).await;
    assert!(waits.is_err(), "the other server cannot know of them");
    locked.rollback().await.unwrap();
    assert_eq!(texts(search(&other, ask()).await.unwrap()), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_sees_nothing_of_another() {
    let server = Server::start();
    let stores = stores(&server.database());
    let (one, other) = (stores.tenant("one").await.unwrap(), stores.tenant("other").await.unwrap());
    add(&one, json!({ "content": "the safe is behind the clock", "user_id": "ada", "id": "safe" })).await.unwrap();
    assert_eq!(other.get(get("safe")).await.unwrap_err().code(), ErrorCode::NotFound);
    let list = || List::read(json!({})).unwrap();
    assert!(other.list(list(), Arc::default()).await.unwrap().memories.is_empty());
    assert!(search(&other, json!({ "query": "the safe" })).await.unwrap().is_empty());
    assert!(other.entities(Arc::default()).await.unwrap().is_empty());
    assert_eq!(other.stats().await.unwrap().memories, 0);
    // The same id is another memory.
    add(&other, json!({ "content": "there is no safe", "user_id": "ada", "id": "safe" })).await.unwrap();
    let refused = other.delete(Delete::read(json!({ "id": "safe" })).unwrap()).await.unwrap();
    assert_eq!(refused.memory.content, "there is no safe");
    assert_eq!(one.get(get("safe")).await.unwrap().content, "the safe is behind the clock");
    assert_eq!(one.list(list(), Arc::default()).await.unwrap().memories.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mixed_commit_over_users_is_all_or_nothing() {
    let server = Server::start();
    let stores = stores(&server.database());
    let store = stores.tenant("default").await.unwrap();
    add(&store, json!({ "content": "of Ada", "user_id": "ada", "id": "a" })).await.unwrap();
    add(&store, json!({ "content": "of Bob", "user_id": "bob", "id": "b" })).await.unwrap();
    let operations = |version: u64| {
        let request = json!({ "operations": [
            { "add": { "content": "new of Ada", "user_id": "ada", "id": "c" } },
            { "update": { "id": "a", "tags": ["seen"] } },
            { "delete": { "id": "b", "ifVersion": version } },
        ] });
        Operations::read(request).unwrap()
    };
    let refused = store.apply_operations(operations(7), Arc::default()).await.unwrap();
    let codes: Vec<_> = refused.iter().map(|result| result.as_ref().unwrap_err().error.code()).collect();
    assert_eq!(codes, [ErrorCode::Aborted, ErrorCode::Aborted, ErrorCode::VersionConflict]);
    assert_eq!(store.get(get("a")).await.unwrap().version.number, 1);
    assert!(store.get(get("c")).await.is_err());
    let applied = store.apply_operations(operations(1), Arc::default()).await.unwrap();
    assert!(applied.iter().all(Result::is_ok), "{applied:?}");
    assert_eq!(store.get(get("a")).await.unwrap().version.tags.as_slice(), ["seen"]);
    assert!(store.get(get("b")).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_is_told_what_another_server_commits() {
    let server = Server::start();
    let url = server.database();
    let (one, other) = (stores(&url), stores(&url));
    let (writer, reader) = (one.tenant("default").await.unwrap(), other.tenant("default").await.unwrap());
    add(&writer, json!({ "content": "before", "user_id": "ada", "id": "before" })).await.unwrap();
    let mut watcher = reader.watch(Watch::read(json!({ "filters": { "user_id": "ada" } })).unwrap()).unwrap();
    add(&writer, json!({ "content": "first", "user_id": "ada", "id": "m" })).await.unwrap();
    add(&writer, json!({ "content": "of somebody else", "user_id": "bob" })).await.unwrap();
    writer.update(updating("m", json!({ "tags": ["x"] }))).await.unwrap();
    writer.delete(Delete::read(json!({ "id": "m" })).unwrap()).await.unwrap();
    let mut told: Vec<(String, u64)> = Vec::new();
    let mut cursor = None;
    for _ in 0..100 {
        let changes = watcher.next(Arc::new(Control::default()), Arc::new(|| {})).await.unwrap().unwrap();
        for change in changes {
            let (event, version) = match change.kind {
                ChangeKind::Stored(memory) => (memory.version.provenance.event.name(), memory.version.number),
                ChangeKind::Deleted { version, .. } => ("DELETE", version),
            };
            told.push((event.to_owned(), version));
            cursor = Some(change.cursor);
        }
        if told.last().is_some_and(|(event, _)| event == "DELETE") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The memory was gone when its earlier states were read.
    assert_eq!(told.last(), Some(&("DELETE".to_owned(), 2)));
    add(&writer, json!({ "content": "later", "user_id": "ada", "id": "later" })).await.unwrap();
    let since = json!({ "since": cursor.unwrap(), "filters": { "user_id": "ada" } });
    let mut resumed = reader.watch(Watch::read(since).unwrap()).unwrap();
    let mut ids = Vec::new();
    for _ in 0..100 {
        for change in resumed.next(Arc::new(Control::default()), Arc::new(|| {})).await.unwrap().unwrap() {
            if let ChangeKind::Stored(memory) = change.kind {
                ids.push(memory.version.id.to_string());
            }
        }
        if !ids.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ids, ["later"]);
    other.close().await.unwrap();
    assert!(resumed.next(Arc::new(Control::default()), Arc::new(|| {})).await.unwrap().is_none());
}

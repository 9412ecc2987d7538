//! Are old changes removed, and does nobody miss them?

use std::sync::Arc;
use std::time::{Duration, Instant};

use openmemory_domain::request::{Delete, Watch};
use openmemory_postgres::{Options, PostgresStore, PostgresStores};
use openmemory_rules::contract::{ChangeKind, Control, MemoryStore, Watcher};
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::server::Server;
use crate::support::{ManualClock, add, connect, count, options, search, updating};

const HOUR: i64 = 3_600_000;

fn watch(store: &PostgresStore, request: Value) -> Box<dyn Watcher> {
    store.watch(Watch::read(request).unwrap()).unwrap()
}

/// So many changes, and nothing after them: the event, or the text that was stored, and the position after it. Transactions
/// of other databases may hold them up.
async fn told(watcher: &mut dyn Watcher, count: usize) -> Vec<(String, String)> {
    let (mut told, began) = (Vec::new(), Instant::now());
    loop {
        let changes = watcher.next(Arc::new(Control::default()), Arc::new(|| {})).await.unwrap().unwrap();
        if changes.is_empty() && told.len() >= count {
            return told;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{told:?}");
        if changes.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for change in changes {
            let what = match change.kind {
                ChangeKind::Stored(memory) => memory.content.to_string(),
                ChangeKind::Deleted { id, .. } => format!("{id} deleted"),
            };
            told.push((what, change.cursor));
        }
    }
}

fn texts(told: &[(String, String)]) -> Vec<&str> {
    told.iter().map(|(text, _)| &**text).collect()
}

async fn until_trimmed(client: &Client, left: i64) {
    let began = Instant::now();
    while count(client, "om_change", "tenant = 'default'").await != left {
        assert!(began.elapsed() < Duration::from_secs(20), "old changes are not removed");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_kept_for_a_day_and_nobody_misses_older_ones() {
    let server = Server::start();
    let url = server.database();
    let client = connect(&url).await;
    let clock = Arc::new(ManualClock::default());
    let stores = || PostgresStores::new(&Options { clock: clock.clone(), ..options(&url) }).unwrap();
    let (first, second) = (stores(), stores());
    let (one, two) = (first.tenant("default").await.unwrap(), second.tenant("default").await.unwrap());
    let other = first.tenant("other").await.unwrap();

    let mut live = watch(&two, json!({}));
    let memory = |id: &str, content: &str| json!({ "id": id, "content": content, "user_id": "ada" });
    for (id, content) in [("tea", "Ada drinks tea"), ("city", "Ada lives in Lisbon"), ("pet", "Ada has a cat")] {
        add(&one, memory(id, content)).await.unwrap();
    }
    add(&other, memory("tea", "Ada of the other tenant")).await.unwrap();
    let of_live = told(&mut *live, 3).await;
    assert_eq!(texts(&of_live), ["Ada drinks tea", "Ada lives in Lisbon", "Ada has a cat"]);
    // The other server holds all of it, replaced texts too.
    for request in [json!({ "query": "tea" }), json!({ "query": "tea", "includeHistory": true })] {
        assert_eq!(search(&two, request).await.unwrap().len(), 3);
    }

    clock.advance(HOUR);
    one.update(updating("city", json!({ "content": "Ada lives in Porto" }))).await.unwrap();
    one.delete(Delete::read(json!({ "id": "pet" })).unwrap()).await.unwrap();
    clock.advance(24 * HOUR + 1);
    one.update(updating("tea", json!({ "content": "Ada drinks coffee" }))).await.unwrap();
    until_trimmed(&client, 1).await;
    assert_eq!(count(&client, "om_change", "tenant = 'other'").await, 1);

    let found = search(&two, json!({ "query": "Porto" })).await.unwrap();
    assert_eq!(found[0].memory.content, "Ada lives in Porto");
    assert_eq!(found.len(), 2);
    let past = search(&two, json!({ "query": "Lisbon", "includeHistory": true })).await.unwrap();
    assert!(past.iter().any(|hit| hit.memory.content == "Ada lives in Lisbon"), "{past:?}");

    // Who was away for too long gets the newest states, and what was deleted; from then on every change.
    let mut late = watch(&two, json!({ "since": of_live[0].1 }));
    assert_eq!(texts(&told(&mut *late, 3).await), ["pet deleted", "Ada lives in Porto", "Ada drinks coffee"]);
    assert_eq!(texts(&told(&mut *live, 3).await), ["pet deleted", "Ada lives in Porto", "Ada drinks coffee"]);
    one.update(updating("tea", json!({ "content": "Ada drinks water" }))).await.unwrap();
    let of_late = told(&mut *late, 1).await;
    assert_eq!(texts(&of_late), ["Ada drinks water"]);
    assert_eq!(texts(&told(&mut *live, 1).await), ["Ada drinks water"]);
    one.update(updating("tea", json!({ "content": "Ada drinks milk" }))).await.unwrap();
    // What is kept is told as before, by another server too.
    let mut recent = watch(&one, json!({ "since": of_late[0].1 }));
    assert_eq!(texts(&told(&mut *recent, 1).await), ["Ada drinks milk"]);
}

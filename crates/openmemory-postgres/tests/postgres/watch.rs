//! Is every change told once and in order, whichever server makes it and whichever server tells it?

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use openmemory_domain::request::Watch;
use openmemory_postgres::PostgresStore;
use openmemory_rules::contract::{ChangeKind, Control, MemoryStore};
use serde_json::{Value, json};

use crate::server::Server;
use crate::support::{add, stores, updating};

const MEMORIES: usize = 4;
const WRITERS: usize = 12;
const ROUNDS: usize = 10;
const CHANGES: usize = MEMORIES * (1 + WRITERS / MEMORIES * ROUNDS);

/// A change: the memory, its version, and the position after it.
type Told = (String, u64, String);

async fn follow(store: &PostgresStore, mut request: Value, count: usize) -> Vec<Told> {
    request["filters"] = json!({ "user_id": "ada" });
    let mut watcher = store.watch(Watch::read(request).unwrap()).unwrap();
    let (mut told, began) = (Vec::new(), Instant::now());
    while told.len() < count {
        assert!(began.elapsed() < Duration::from_secs(60), "{} of {count} changes are told", told.len());
        for change in watcher.next(Arc::new(Control::default()), Arc::new(|| {})).await.unwrap().unwrap() {
            let ChangeKind::Stored(memory) = change.kind else { panic!("nothing was deleted") };
            told.push((memory.version.id.to_string(), memory.version.number, change.cursor));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Nothing comes after the last one.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(watcher.next(Arc::new(Control::default()), Arc::new(|| {})).await.unwrap().unwrap().is_empty());
    told
}

fn without_cursors(told: &[Told]) -> Vec<(&str, u64)> {
    told.iter().map(|(id, version, _)| (&**id, *version)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_three_servers_are_told_once_and_in_order() {
    let server = Server::start();
    let url = server.database();
    let all: Vec<_> = (0..3).map(|_| stores(&url)).collect();
    let mut tenants = Vec::new();
    for stores in &all {
        tenants.push(stores.tenant("default").await.unwrap());
    }
    let follower = {
        let store = tenants[2].clone();
        let watch = tokio::spawn(async move { follow(&store, json!({}), CHANGES).await });
        // It begins where it is asked for.
        tokio::time::sleep(Duration::from_millis(300)).await;
        watch
    };
    for memory in 0..MEMORIES {
        let content = format!("memory {memory}");
        add(&tenants[0], json!({ "id": format!("m{memory}"), "content": content, "user_id": "ada" })).await.unwrap();
    }
    let writers = (0..WRITERS).map(|writer| {
        let tenants = tenants.clone();
        tokio::spawn(async move {
            for round in 0..ROUNDS {
                let patch = json!({ "metadata": { format!("f{writer}"): round } });
                let store = &tenants[(writer + round) % 3];
                store.update(updating(&format!("m{}", writer % MEMORIES), patch)).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let told = follower.await.unwrap();
    assert_eq!(told.len(), CHANGES);
    let mut last: HashMap<&str, u64> = HashMap::new();
    for (id, version) in without_cursors(&told) {
        let before = last.insert(id, version).unwrap_or(0);
        assert_eq!(version, before + 1, "{id}");
    }
    // Another server goes on from any position.
    for at in [0, CHANGES / 3, CHANGES - 2] {
        let rest = follow(&tenants[0], json!({ "since": told[at].2 }), CHANGES - at - 1).await;
        assert_eq!(without_cursors(&rest), without_cursors(&told[at + 1..]));
    }
}

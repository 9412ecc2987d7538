//! Is a write lost, or made twice, if many write at once and connections end?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use openmemory_domain::request::{Get, History};
use openmemory_postgres::PostgresStore;
use openmemory_rules::contract::MemoryStore;
use serde_json::json;

use crate::server::Server;
use crate::support::{add, stores, updating};

const MEMORIES: usize = 4;
const CLIENTS: usize = 64;

/// 2560 updates at 10.
fn rounds() -> usize {
    std::env::var("OPENMEMORY_STORM_ROUNDS").map_or(10, |rounds| rounds.parse().unwrap())
}

/// Each client sets a field of its own in each memory, round after round. Returns how many updates were refused.
async fn storm(servers: &[PostgresStore], rounds: usize) -> usize {
    let refused = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let (servers, refused) = (servers.to_vec(), Arc::clone(&refused));
        clients.push(tokio::spawn(async move {
            for round in 1..=rounds {
                for memory in 0..MEMORIES {
                    let store = &servers[(client + round + memory) % servers.len()];
                    let patch = json!({ "metadata": { format!("f{client}"): round } });
                    while let Err(error) = store.update(updating(&format!("m{memory}"), patch.clone())).await {
                        assert!(error.retryable(), "{error:?}");
                        refused.fetch_add(1, Ordering::Relaxed);
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                }
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
    refused.load(Ordering::Relaxed)
}

async fn check(store: &PostgresStore, rounds: usize) {
    for memory in 0..MEMORIES {
        let id = format!("m{memory}");
        let found = store.get(Get::read(json!({ "id": id })).unwrap()).await.unwrap();
        for client in 0..CLIENTS {
            assert_eq!(found.version.metadata.fields()[&format!("f{client}")], json!(rounds), "{id}, client {client}");
        }
        assert_eq!(found.version.number, (1 + CLIENTS * rounds) as u64, "{id}");
        let last = found.version.number;
        let mut numbers: Vec<u64> = Vec::new();
        while numbers.last() != Some(&1) {
            let before = numbers.last().copied().unwrap_or(last + 1);
            let page = History::read(json!({ "id": id, "limit": 1000, "before": before })).unwrap();
            let page = store.history(page, Arc::default()).await.unwrap();
            assert!(!page.is_empty(), "{id}: the history ends at {before}");
            numbers.extend(page.iter().map(|version| version.version.number));
        }
        assert!(numbers.iter().copied().eq((1..=last).rev()), "{id}: the history has a gap");
    }
}

async fn servers(url: &str, count: usize) -> (Vec<openmemory_postgres::PostgresStores>, Vec<PostgresStore>) {
    let all: Vec<_> = (0..count).map(|_| stores(url)).collect();
    let mut tenants = Vec::new();
    for stores in &all {
        tenants.push(stores.tenant("default").await.unwrap());
    }
    for memory in 0..MEMORIES {
        // Two users, so that commits of different scopes mix.
        let user = format!("user{}", memory % 2);
        add(&tenants[0], json!({ "id": format!("m{memory}"), "content": format!("memory {memory}"), "user_id": user }))
            .await
            .unwrap();
    }
    (all, tenants)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_of_three_servers_lose_nothing() {
    let server = Server::start();
    let (_all, tenants) = servers(&server.database(), 3).await;
    let rounds = rounds();
    let began = std::time::Instant::now();
    let refused = storm(&tenants, rounds).await;
    let updates = CLIENTS * MEMORIES * rounds;
    println!("{updates} updates, {refused} refused, {:.0}/s", updates as f64 / began.elapsed().as_secs_f64());
    assert_eq!(refused, 0);
    check(&tenants[1], rounds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_end_lose_nothing_and_repeat_nothing() {
    let server = Server::start();
    let url = server.database();
    let (_all, tenants) = servers(&url, 2).await;
    let rounds = rounds();
    let stop = Arc::new(AtomicBool::new(false));
    let killer = {
        let (url, stop) = (url.clone(), Arc::clone(&stop));
        tokio::spawn(async move {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                       WHERE application_name = 'openmemory' AND datname = current_database()";
            let mut ended = 0;
            while !stop.load(Ordering::Relaxed) {
                ended += client.query_one(end, &[]).await.unwrap().get::<_, i64>(0);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            ended
        })
    };
    let refused = storm(&tenants, rounds).await;
    stop.store(true, Ordering::Relaxed);
    let ended = killer.await.unwrap();
    println!("{ended} connections ended, {refused} updates refused");
    assert!(ended > 10, "only {ended} connections were ended");
    // Whoever was refused did it again, so there is one version for each update if what was refused was not made.
    assert!(refused < 5 * rounds, "{refused} updates were refused");
    check(&tenants[0], rounds).await;
}

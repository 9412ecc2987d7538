//! What happens when a limit of the database or of the pool is reached? The call is refused and can be repeated, and nothing
//! is left open.

use std::sync::Arc;
use std::time::Duration;

use openmemory_domain::ErrorCode;
use openmemory_domain::request::{Get, List};
use openmemory_postgres::{Options, PostgresStore, PostgresStores};
use openmemory_rules::Error;
use openmemory_rules::contract::MemoryStore;
use serde_json::json;
use tokio_postgres::Client;

use crate::server::Server;
use crate::support::{add, connect, count, options, stores, updating};

/// A store with limits of its own, and a client that can be in its way.
async fn limited(server: &Server, limits: &str, pool_size: usize) -> (PostgresStores, PostgresStore, Client) {
    let url = server.database();
    let store = stores(&url).tenant("default").await.unwrap();
    add(&store, json!({ "id": "m", "content": "a memory", "user_id": "ada" })).await.unwrap();
    let with_limits = format!("{url}?options={}", limits.replace(' ', "%20").replace('=', "%3D"));
    let limited = PostgresStores::new(&Options { pool_size, ..options(&with_limits) }).unwrap();
    let tenant = limited.tenant("default").await.unwrap();
    (limited, tenant, connect(&url).await)
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>, code: ErrorCode) {
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (code, true), "{error}");
}

/// The call works when nothing is in its way, and no connection has a transaction.
async fn works(store: &PostgresStore, client: &Client) {
    store.update(updating("m", json!({ "tags": ["later"] }))).await.unwrap();
    store.get(Get::read(json!({ "id": "m" })).unwrap()).await.unwrap();
    let open = "application_name = 'openmemory' AND state LIKE 'idle in transaction%'";
    assert_eq!(count(client, "pg_stat_activity", open).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_takes_too_long_is_a_timeout() {
    let server = Server::start();
    let (_stores, store, client) = limited(&server, "-c lock_timeout=200", 4).await;
    client.batch_execute("BEGIN; SELECT 1 FROM om_scope FOR UPDATE").await.unwrap();
    refused(store.update(updating("m", json!({ "tags": ["x"] }))).await, ErrorCode::Timeout);
    client.batch_execute("ROLLBACK").await.unwrap();
    works(&store, &client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_takes_too_long_is_a_timeout() {
    let server = Server::start();
    let (_stores, store, client) = limited(&server, "-c statement_timeout=300 -c lock_timeout=0", 4).await;
    client.batch_execute("BEGIN; LOCK TABLE om_memory IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let list = || store.list(List::read(json!({})).unwrap(), Arc::default());
    refused(list().await, ErrorCode::Timeout);
    refused(store.update(updating("m", json!({ "tags": ["x"] }))).await, ErrorCode::Timeout);
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(list().await.unwrap().memories.len(), 1);
    works(&store, &client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_gets_no_connection_is_unavailable() {
    let server = Server::start();
    let (_stores, store, client) = limited(&server, "-c lock_timeout=20000", 1).await;
    client.batch_execute("BEGIN; SELECT 1 FROM om_scope FOR UPDATE").await.unwrap();
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.update(updating("m", json!({ "tags": ["x"] }))).await })
    };
    let blocked = "wait_event_type = 'Lock' AND application_name = 'openmemory'";
    while count(&client, "pg_stat_activity", blocked).await == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    refused(store.get(Get::read(json!({ "id": "m" })).unwrap()).await, ErrorCode::Unavailable);
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().version.tags.as_slice(), ["x"]);
    works(&store, &client).await;
}

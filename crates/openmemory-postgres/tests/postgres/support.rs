//! What do the tests share?

use std::sync::Arc;

pub use contract_model::ManualClock;
use openmemory_domain::request::{NewMemory, Search, Update};
use openmemory_embedding::TestEmbedder;
use openmemory_postgres::{Options, PostgresStore, PostgresStores};
use openmemory_rules::Error;
use openmemory_rules::contract::{Added, Control, Hit, MemoryStore};
use serde_json::{Value, json};
use tokio_postgres::{Client, NoTls};

/// The stores of a database, as one server has them.
pub fn stores(url: &str) -> PostgresStores {
    PostgresStores::new(&options(url)).unwrap()
}

pub fn options(url: &str) -> Options {
    Options { hash_partitions: Some(8), ..Options::new(url, Arc::new(TestEmbedder)) }
}

pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The rows of a table that meet a condition.
pub async fn count(client: &Client, table: &str, condition: &str) -> i64 {
    client.query_one(&format!("SELECT count(*) FROM {table} WHERE {condition}"), &[]).await.unwrap().get(0)
}

pub fn new_memory(value: Value) -> NewMemory {
    NewMemory::read(value).unwrap()
}

pub fn updating(id: &str, patch: Value) -> Update {
    Update::read(json!({ "id": id, "patch": patch })).unwrap()
}

pub async fn add(store: &PostgresStore, value: Value) -> Result<Added, Error> {
    store.add(new_memory(value)).await
}

pub async fn search(store: &dyn MemoryStore, request: Value) -> Result<Vec<Hit>, Error> {
    let request = Search::read(request).unwrap();
    let vector = store.embed_query(&request).await?;
    store.search(request, vector, Arc::new(Control::default())).await
}

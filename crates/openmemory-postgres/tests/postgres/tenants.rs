//! What does the database itself refuse a tenant? A role that does not own the tables sees the rows of the tenant that its
//! transaction names, and no others.

use openmemory_domain::ErrorCode;
use openmemory_domain::request::{Delete, Get, List, Operations};
use openmemory_rules::contract::{MemoryStore, Stores};
use serde_json::json;
use tokio_postgres::Client;

use crate::server::Server;
use crate::support::{add, connect, count, search, stores, updating};

/// A database with tables, and its URLs for their owner and for a role with the rights that the guide names.
async fn database(server: &Server) -> (String, String) {
    let owner = server.database();
    stores(&owner).tenant("one").await.unwrap();
    let app = server.role(&owner);
    (owner, app)
}

/// Rows in every table that writes of this test do not reach.
async fn fill(owner: &Client, tenant: &str) {
    let scope = "(SELECT scope FROM om_scope WHERE tenant = $1 LIMIT 1)";
    for sql in [
        "INSERT INTO om_learning (tenant, id, key, failed, record) VALUES ($1, 'l', 'k', false, '')".to_owned(),
        format!("INSERT INTO om_message (scope, id, tenant, at, record) VALUES ({scope}, 'm', $1, 1, '')"),
        format!("INSERT INTO om_sources (scope, number, tenant, record) VALUES ({scope}, 1, $1, '')"),
        "INSERT INTO om_document (tenant, name, value) VALUES ($1, 'd', 'null')".to_owned(),
        "INSERT INTO om_idempotency (tenant, key, fingerprint, began, claimed_until) VALUES ($1, 'k', '', now(), now())".to_owned(),
    ] {
        owner.execute(&sql, &[&tenant]).await.unwrap();
    }
}

/// The tables of a tenant, with hash partitions.
async fn tables(owner: &Client) -> Vec<String> {
    let rows = owner
        .query(
            "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relname LIKE 'om\\_%' \
             AND relname <> 'om_schema' ORDER BY relname",
            &[],
        )
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_tenant_sees_and_changes_nothing_in_any_table() {
    let server = Server::start();
    let (owner, app) = database(&server).await;
    let stores = stores(&app);
    let (owner, app) = (connect(&owner).await, connect(&app).await);
    for tenant in ["one", "other"] {
        let store = stores.tenant(tenant).await.unwrap();
        add(&store, json!({ "content": "the safe is behind the clock", "user_id": "ada", "id": "a" })).await.unwrap();
        add(&store, json!({ "content": "the safe is behind a clock", "user_id": "ada", "id": "b" })).await.unwrap();
        store.update(updating("a", json!({ "content": "the safe is in the garden" }))).await.unwrap();
        fill(&owner, tenant).await;
    }
    let tables = tables(&owner).await;
    assert_eq!(tables.iter().filter(|table| !table.ends_with(|last: char| last.is_ascii_digit())).count(), 16);
    for table in &tables {
        let is_whole = !table.ends_with(|last: char| last.is_ascii_digit());
        let of_tenant = "tenant = 'one'";
        let (mine, all) = (count(&owner, table, of_tenant).await, count(&owner, table, "true").await);
        assert!(!is_whole || mine > 0 && all > mine, "{table} has too few rows for this test");
        assert_eq!(count(&app, table, "true").await, 0, "{table}, without a tenant");
        app.batch_execute("BEGIN; SET LOCAL openmemory.tenant = 'nobody'").await.unwrap();
        assert_eq!(count(&app, table, "true").await, 0, "{table}, with a tenant that is none");
        app.batch_execute("ROLLBACK; BEGIN; SET LOCAL openmemory.tenant = 'one'").await.unwrap();
        assert_eq!(count(&app, table, "true").await, mine, "{table}");
        assert_eq!(count(&app, table, "tenant IS DISTINCT FROM 'one'").await, 0, "{table}");
        assert_eq!(app.execute(&format!("DELETE FROM {table}"), &[]).await.unwrap(), mine as u64, "{table}");
        app.batch_execute("ROLLBACK").await.unwrap();
        if mine == 0 {
            continue;
        }
        app.batch_execute("BEGIN; SET LOCAL openmemory.tenant = 'one'").await.unwrap();
        let given = app.execute(&format!("UPDATE {table} SET tenant = 'other'"), &[]).await.unwrap_err();
        assert_eq!(given.code().unwrap().code(), "42501", "{table}: {given:?}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
    // Nothing that was refused or rolled back is missing.
    assert_eq!(count(&owner, "om_memory", "true").await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_role_is_confined_serves_all_tenants() {
    let server = Server::start();
    let (owner, app) = database(&server).await;
    // One connection, which all tenants use in turns.
    let options = openmemory_postgres::Options { pool_size: 1, ..crate::support::options(&app) };
    let stores = openmemory_postgres::PostgresStores::new(&options).unwrap();
    let (one, other) = (stores.tenant("one").await.unwrap(), stores.tenant("other").await.unwrap());
    for round in 1..=3 {
        for (store, word) in [(&one, "clock"), (&other, "garden")] {
            let memory = json!({ "content": format!("the safe is by the {word} {round}"), "user_id": "ada" });
            add(store, memory).await.unwrap();
            let hits = search(store, json!({ "query": "safe", "filters": { "user_id": "ada" } })).await.unwrap();
            assert_eq!(hits.len(), round);
            assert!(hits.iter().all(|hit| hit.memory.content.contains(word)));
            let page = store.list(List::read(json!({})).unwrap(), Default::default()).await.unwrap();
            assert_eq!(page.memories.len(), round);
        }
    }
    let operations = json!({ "operations": [{ "add": { "content": "x", "user_id": "bob", "id": "x" } }] });
    let done = one.apply_operations(Operations::read(operations).unwrap(), Default::default()).await.unwrap();
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    let get = || Get::read(json!({ "id": "x" })).unwrap();
    assert_eq!(other.get(get()).await.unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(one.get(get()).await.unwrap().content, "x");
    one.delete(Delete::read(json!({ "id": "x" })).unwrap()).await.unwrap();
    // What the role wrote is complete for the owner of the tables.
    let owners = crate::support::stores(&owner);
    let owned = owners.tenant("one").await.unwrap();
    assert_eq!(owned.list(List::read(json!({})).unwrap(), Default::default()).await.unwrap().memories.len(), 3);
    stores.close().await.unwrap();
    let client = connect(&owner).await;
    assert_eq!(count(&client, "pg_stat_activity", "state LIKE 'idle in transaction%'").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_not_create_tables_is_told_what_to_do() {
    let server = Server::start();
    let owner = server.database();
    let app = server.role(&owner);
    let refused = stores(&app).tenant("one").await.map(drop).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Unavailable);
    let message = refused.to_string();
    assert!(message.contains("there are no tables yet") && message.contains("openmemory stats --store"), "{message}");
    // A server that is newer than the tables.
    stores(&owner).tenant("one").await.unwrap();
    let client = connect(&owner).await;
    client.batch_execute("DELETE FROM om_schema WHERE version > 1").await.unwrap();
    server.grant(&owner);
    let refused = stores(&app).tenant("one").await.map(drop).unwrap_err();
    assert!(refused.to_string().contains("the tables are of version 1, and this server needs 4"), "{refused}");
    client.batch_execute("INSERT INTO om_schema VALUES (2), (3), (4), (5)").await.unwrap();
    // And one that is older.
    let store = stores(&app).tenant("one").await.unwrap();
    add(&store, json!({ "content": "a memory" })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_at_once_migrate_once() {
    let server = Server::start();
    let url = server.database();
    let starts = (0..4).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { stores(&url).tenant("one").await.map(drop) })
    });
    for start in starts.collect::<Vec<_>>() {
        start.await.unwrap().unwrap();
    }
    let client = connect(&url).await;
    assert_eq!(count(&client, "om_schema", "true").await, 4);
}

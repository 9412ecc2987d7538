//! Does every statement touch one hash partition of each table, so that a distributed database sends it to one node?

use openmemory_postgres::STATEMENTS;
use serde_json::json;

use crate::server::Server;
use crate::support::{add, stores};

/// Statements over all memories of a tenant, or over tables that are not partitioned.
const OF_TENANT: &[&str] = &[
    "SCOPES",
    "TENANT_HEADS",
    "TENANT_ENTRIES",
    "TOMBSTONES",
    "COUNT",
    "FEED",
    "MESSAGES",
    "TENANT_SOURCES",
    "TOO_OLD",
    "TRIM_TO",
    "TRIM",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_statement_touches_one_hash_partition() {
    let server = Server::start();
    let url = server.database();
    let stores = stores(&url);
    let store = stores.tenant("default").await.unwrap();
    add(&store, json!({ "content": "a memory", "user_id": "ada" })).await.unwrap();
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("SET plan_cache_mode = force_generic_plan").await.unwrap();
    let mut wide = Vec::new();
    for (name, sql) in STATEMENTS {
        let prepared = client.prepare(sql).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let types: Vec<String> = prepared.params().iter().map(ToString::to_string).collect();
        let values = types.iter().enumerate().map(|(at, of)| match of.as_str() {
            "uuid" => "'00000000-0000-0000-0000-000000000001'".to_owned(),
            "int8" | "int4" | "int2" => "1".to_owned(),
            "_int8" | "_int2" => "'{1,2}'".to_owned(),
            "_text" | "_bytea" => "'{a,b}'".to_owned(),
            "_uuid" => "'{00000000-0000-0000-0000-000000000001,00000000-0000-0000-0000-000000000002}'".to_owned(),
            _ if at == 3 && sql.contains("pg_snapshot)") => "'1:1:'".to_owned(),
            _ => "'1'".to_owned(),
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let names = types.iter().map(|of| of.strip_prefix('_').map_or(of.clone(), |of| format!("{of}[]")));
        let names = names.collect::<Vec<_>>().join(", ");
        let arguments = if types.is_empty() { String::new() } else { format!(" ({names})") };
        let values = if types.is_empty() { values } else { format!("({values})") };
        client
            .batch_execute(&format!("BEGIN; PREPARE one{arguments} AS {sql}"))
            .await
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        // Only a run shows which partitions were looked at.
        let explain = format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE one {values}");
        let plan: Vec<String> = client
            .simple_query(&explain)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error:?}"))
            .into_iter()
            .filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            })
            .collect();
        client.batch_execute("ROLLBACK; DEALLOCATE ALL").await.unwrap();
        let mut parts: Vec<String> = plan
            .iter()
            .filter(|line| line.contains(" on om_"))
            // Until PostgreSQL 16 a plan names all parts that it could have changed; what it changes comes from a scan.
            .filter(|line| !["Update on", "Delete on"].iter().any(|change| line.trim_start().starts_with(change)))
            .filter_map(|line| line.split(" on ").nth(1)?.split(' ').next().map(str::to_owned))
            .filter(|table| table.chars().last().is_some_and(|last| last.is_ascii_digit()))
            .filter(|table| !table.contains("idx"))
            .collect();
        parts.sort();
        parts.dedup();
        let mut numbers: Vec<&str> = parts.iter().filter_map(|part| part.rsplit('_').next()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.len() > 1 {
            wide.push((*name, plan.join("\n")));
        }
    }
    let names: Vec<&str> = wide.iter().map(|(name, _)| *name).collect();
    let unexpected: Vec<_> = wide.iter().filter(|(name, _)| !OF_TENANT.contains(name)).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    // The test sees them: those of a tenant do touch several.
    assert!(names.contains(&"TENANT_HEADS"), "{names:?}");
}

//! Does every statement touch one hash partition of each table, so that a distributed database sends it to one node?

use openmemory_domain::request::AddMany;
use openmemory_postgres::STATEMENTS;
use openmemory_rules::contract::MemoryStore;
use serde_json::{Value, json};
use tokio_postgres::SimpleQueryMessage;

use crate::server::Server;
use crate::support::{add, connect, stores, updating};

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
                SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
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

/// Memories of the large scope.
const LARGE: usize = 2000;

/// The rows that the scans of a plan have read.
fn rows_read(plan: &Value) -> f64 {
    let inner = plan["Plans"].as_array().map_or(0.0, |plans| plans.iter().map(rows_read).sum());
    if plan["Relation Name"].is_null() {
        return inner;
    }
    let number = |name: &str| plan[name].as_f64().unwrap_or_default();
    inner + (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops")
}

/// PostgreSQL plans for a scope of average size, and most users have little.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_of_a_few_memories_reads_no_others_of_a_large_scope() {
    let server = Server::start();
    let url = server.database();
    let stores = stores(&url);
    let store = stores.tenant("default").await.unwrap();
    let add_all = async |items: Vec<Value>| {
        let batch = AddMany::read(json!({ "items": items })).unwrap();
        assert!(store.add_many(batch, Default::default()).await.unwrap().iter().all(Result::is_ok));
    };
    for from in [0, LARGE / 2] {
        let of_large = |at| json!({ "id": format!("m{at}"), "content": format!("note {at}"), "user_id": "large" });
        add_all((from..from + LARGE / 2).map(of_large).collect()).await;
        let of_others = |at| json!({ "content": format!("note {at}"), "user_id": format!("user{at}") });
        add_all((from..from + LARGE / 2).map(of_others).collect()).await;
    }
    for at in 0..200 {
        store.update(updating(&format!("m{at}"), json!({ "content": format!("changed {at}") }))).await.unwrap();
    }
    let client = connect(&url).await;
    // Tables as small as these may well be read whole.
    client.batch_execute("ANALYZE; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off").await.unwrap();
    let row =
        client.query_one("SELECT scope::text, seq FROM om_scope ORDER BY memories DESC LIMIT 1", &[]).await.unwrap();
    let (scope, seq): (String, i64) = (row.get(0), row.get(1));
    let few = "SELECT array_agg(number)::text, max(number) FROM \
               (SELECT number FROM om_memory WHERE scope = $1::text::uuid ORDER BY number LIMIT 3) few";
    let few = client.query_one(few, &[&scope]).await.unwrap();
    let (numbers, third): (String, i64) = (few.get(0), few.get(1));
    let mut read = Vec::new();
    for (name, sql) in STATEMENTS {
        let prepared = client.prepare(sql).await.unwrap();
        let types: Vec<String> = prepared.params().iter().map(ToString::to_string).collect();
        let of_few = sql.starts_with("SELECT") && types == ["uuid", "_int8"];
        let values = match *name {
            _ if of_few => format!("'{scope}', '{numbers}'"),
            "DELTA" | "CHANGED_SINCE" => format!("'{scope}', {}", seq - 3),
            "FILL" => format!("'{scope}', {third}, 3"),
            "SET_MEMORIES" => {
                let three = |value: &str| format!("'{{{0},{0},{0}}}'", value);
                format!("'{scope}', '{numbers}', {}, {}, {}, {}", three("a"), three("1"), three("1"), three("a"))
            }
            _ => continue,
        };
        client.batch_execute(&format!("BEGIN; PREPARE one AS {sql}")).await.unwrap();
        let explain = format!("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE one({values})");
        let answer = client.simple_query(&explain).await.unwrap();
        client.batch_execute("ROLLBACK; DEALLOCATE ALL").await.unwrap();
        let plan = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        let plan: Value = serde_json::from_str(&plan.unwrap()).unwrap();
        read.push((*name, rows_read(&plan[0]["Plan"]), plan));
    }
    let names: Vec<&str> = read.iter().map(|(name, ..)| *name).collect();
    for expected in ["WRITTEN", "HITS", "HITS_WITH_VECTORS", "DELTA", "PAST_VERSIONS", "SOURCES_OF", "SET_MEMORIES"] {
        assert!(names.contains(&expected), "{expected} was not tried: {names:?}");
    }
    println!("{:?}", read.iter().map(|(name, rows, _)| (*name, *rows)).collect::<Vec<_>>());
    let many: Vec<_> = read.iter().filter(|(_, rows, _)| *rows > 60.0).collect();
    let plans: Vec<String> = many.iter().map(|(name, rows, plan)| format!("{name} {rows} {plan:#}")).collect();
    assert!(plans.is_empty(), "{}", plans.join("\n"));
}

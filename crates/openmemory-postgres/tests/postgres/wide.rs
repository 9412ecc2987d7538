//! Are more memories searched than a server would hold, as if all of them were compared?

use std::time::{Duration, Instant};

use openmemory_domain::request::{AddMany, Delete};
use openmemory_domain::{ErrorCode, Invalid};
use openmemory_postgres::{Options, PostgresStore, PostgresStores};
use openmemory_rules::Error;
use openmemory_rules::contract::{Hit, MemoryStore};
use serde_json::{Value, json};

use crate::ranking::{memories, queries};
use crate::server::Server;
use crate::support::{add, connect, count, options, search, stores, updating};

/// Fewer than the tests add.
const ABOVE: u64 = 10;

fn wide_stores(url: &str) -> PostgresStores {
    PostgresStores::new(&Options { approximate_above: Some(ABOVE), ..options(url) }).unwrap()
}

/// Two processes with one database: one compares all memories, the other candidates.
struct Both {
    all: PostgresStore,
    candidates: PostgresStore,
    _stores: [PostgresStores; 2],
    _server: Server,
}

impl Both {
    async fn start() -> Self {
        let server = Server::start();
        let url = server.database();
        let stores = [stores(&url), wide_stores(&url)];
        let (all, candidates) =
            (stores[0].tenant("default").await.unwrap(), stores[1].tenant("default").await.unwrap());
        Self { all, candidates, _stores: stores, _server: server }
    }
}

async fn add_all(store: &PostgresStore, items: &[Value]) {
    for items in items.chunks(1000) {
        let batch = AddMany::read(json!({ "items": items })).unwrap();
        assert!(store.add_many(batch, Default::default()).await.unwrap().iter().all(Result::is_ok));
    }
}

fn ids(hits: &[Hit]) -> Vec<String> {
    hits.iter().map(|hit| hit.memory.version.id.to_string()).collect()
}

fn texts(hits: &[Hit]) -> Vec<&str> {
    hits.iter().map(|hit| &*hit.memory.content).collect()
}

/// The hits of a search, as soon as there are candidates.
async fn when_ready(store: &PostgresStore, request: Value) -> Vec<Hit> {
    let begin = Instant::now();
    loop {
        match search(store, request.clone()).await {
            Err(refused) if refused.code() == ErrorCode::LimitExceeded && begin.elapsed() < Duration::from_secs(60) => {
            }
            found => return found.unwrap(),
        }
    }
}

/// The ids of a search, in one order.
async fn found(store: &PostgresStore, request: Value) -> Vec<String> {
    let mut ids = ids(&search(store, request).await.unwrap());
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_proposed_ranks_as_if_all_were_compared() {
    let Both { all, candidates, .. } = &Both::start().await;
    add_all(all, &memories()).await;
    let mut hits = 0;
    for mut request in queries() {
        request["explain"] = json!(true);
        let (expected, found) =
            (search(all, request.clone()).await.unwrap(), search(candidates, request.clone()).await.unwrap());
        assert_eq!(ids(&found), ids(&expected), "{request}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found.score - expected.score).abs() < 1e-4, "{request}: {} {}", found.score, expected.score);
            let parts = |hit: &Hit| hit.explain.as_ref().unwrap().iter().any(|part| part.name == "approximate");
            assert!(parts(found) && !parts(expected), "{request}");
        }
        hits += found.len();
    }
    assert!(hits > 500, "only {hits} hits were compared");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_count_as_among_all_memories() {
    let Both { all, candidates, .. } = &Both::start().await;
    // More than a sample has, of nearly one length. Either word says something, and no memory has both.
    let about = |at: u64| match at % 40 {
        0 => "tea",
        1 | 11 | 21 | 31 => "ink",
        _ => "salt",
    };
    let mut notes: Vec<Value> = (0..6000)
        .map(|at| json!({ "content": format!("note {at} about {}", about(at)), "user_id": format!("u{}", at % 50) }))
        .collect();
    notes.push(json!({ "content": "note about tea", "user_id": "u1", "tags": ["one"] }));
    add_all(all, &notes).await;
    let words = |hits: &[Hit]| {
        let parts = hits[0].explain.as_ref().unwrap();
        parts.iter().find(|part| part.name == "lexical").unwrap().value
    };
    // A filter that leaves few memories changes nothing about how many have the word.
    for filters in [json!({}), json!({ "tags": "one" })] {
        let request = json!({ "query": "tea ink", "limit": 1, "explain": true, "filters": filters });
        let expected = words(&search(all, request.clone()).await.unwrap());
        let found = words(&when_ready(candidates, request).await);
        assert!((found - expected).abs() < 1e-3 * expected, "{found} {expected} {filters}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_beside_its_question_is_proposed_with_it() {
    let Both { all, candidates, .. } = &Both::start().await;
    // Nearer by words and vectors than the answers are.
    let mut notes: Vec<Value> = (0..6000)
        .map(|at| json!({ "content": format!("the key of cupboard {at} is kept"), "user_id": format!("u{}", at % 50) }))
        .collect();
    for (at, answer) in ["under a blue pot", "my brother took it"].iter().enumerate() {
        let said = [&format!("door {at}: where do we keep the spare key?")[..], answer, "good to know"];
        notes.extend(said.map(|content| json!({ "content": content, "user_id": "u1", "run_id": format!("r{at}") })));
    }
    add_all(all, &notes).await;
    let request = json!({ "query": "where do we keep the spare key?", "limit": 4 });
    let expected = search(all, request.clone()).await.unwrap();
    assert!(texts(&expected).contains(&"under a blue pot") && texts(&expected).contains(&"my brother took it"));
    assert_eq!(ids(&when_ready(candidates, request).await), ids(&expected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_common_as_among_all_memories() {
    let Both { all, candidates, .. } = &Both::start().await;
    // Each name in a little more of the memories than make it common: in a sample it may be less.
    let names = ["Ada", "Bob", "Cleo", "Dora", "Emil", "Finn", "Gus", "Hana", "Ines", "Jon"];
    let named = |at: usize| {
        let with = |(place, name): (usize, &&str)| ((at * 7 + place * 97) % 1000 < 152).then_some(name.to_string());
        names.iter().enumerate().filter_map(with).collect::<Vec<_>>().join(" ")
    };
    let notes: Vec<Value> = (0..6000)
        .map(|at| json!({ "content": format!("note {at} of {}", named(at)), "user_id": format!("u{}", at % 50) }))
        .collect();
    add_all(all, &notes).await;
    let similarity = |hits: Vec<Hit>| hits[0].explain.iter().flatten().find(|part| part.name == "dense").unwrap().value;
    for name in names {
        let request = json!({ "query": format!("which note did {name} write"), "limit": 1, "explain": true });
        let expected = similarity(search(all, request.clone()).await.unwrap());
        let found = similarity(when_ready(candidates, request).await);
        assert!((found - expected).abs() < 1e-4, "{name}: {found} {expected}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_an_earlier_version_are_made_anew() {
    let server = Server::start();
    let url = server.database();
    let stores = wide_stores(&url);
    let store = stores.tenant("default").await.unwrap();
    let notes: Vec<Value> =
        (0..60).map(|at| json!({ "content": format!("note {at}"), "user_id": format!("u{}", at % 20) })).collect();
    add_all(&store, &notes).await;
    let request = json!({ "query": "note", "limit": 100 });
    assert_eq!(when_ready(&store, request.clone()).await.len(), 60);
    let earlier = "ALTER TABLE om_wide_text DROP COLUMN run, DROP COLUMN created_at";
    connect(&url).await.batch_execute(earlier).await.unwrap();
    let later = wide_stores(&url);
    assert_eq!(when_ready(&later.tenant("default").await.unwrap(), request).await.len(), 60);
    assert_eq!(count(&connect(&url).await, "om_wide_text", "created_at > 0").await, 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_memories_than_a_process_loads_are_searched_by_user_or_by_candidates() {
    let server = Server::start();
    let url = server.database();
    let stores = stores(&url);
    let store = stores.tenant("default").await.unwrap();
    let notes: Vec<Value> =
        (0..40).map(|at| json!({ "content": format!("note {at}"), "user_id": format!("u{}", at % 20) })).collect();
    add_all(&store, &notes).await;
    assert_eq!(search(&store, json!({ "query": "note", "limit": 100 })).await.unwrap().len(), 40);
    // As if the user had as many.
    let client = connect(&url).await;
    let most = "UPDATE om_scope SET memories = 200001 WHERE scope = (SELECT min(scope::text)::uuid FROM om_scope)";
    client.batch_execute(most).await.unwrap();
    let all = json!({ "query": "note", "limit": 100 });
    for request in [all.clone(), json!({ "query": "note", "includeHistory": true })] {
        let refused = search(&store, request).await.unwrap_err();
        assert!(matches!(&refused, Error::Invalid(Invalid { field, .. }) if *field == "filters.user_id"), "{refused}");
        assert_eq!(refused.code(), ErrorCode::LimitExceeded);
    }
    let users: Vec<String> = (0..20).map(|at| format!("u{at}")).collect();
    let of_users = json!({ "query": "note", "limit": 100, "filters": { "user_id": { "in": users } } });
    assert_eq!(search(&store, of_users).await.unwrap().len(), 40);
    let wide = wide_stores(&url);
    assert_eq!(when_ready(&wide.tenant("default").await.unwrap(), all).await.len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_server_has_just_written_is_found() {
    let server = Server::start();
    let url = server.database();
    let (writers, readers) = (stores(&url), wide_stores(&url));
    let (writer, reader) = (writers.tenant("default").await.unwrap(), readers.tenant("default").await.unwrap());
    let notes: Vec<Value> =
        (0..60).map(|at| json!({ "id": format!("n{at}"), "content": format!("note {at} about bread"), "user_id": format!("u{}", at % 20) })).collect();
    add_all(&writer, &notes).await;
    let all = json!({ "query": "the safe is behind the clock", "limit": 1 });
    assert!(search(&reader, all.clone()).await.unwrap()[0].memory.content.contains("bread"));
    for round in 0..3 {
        writer.update(updating("n7", json!({ "content": format!("the safe is behind clock {round}") }))).await.unwrap();
        assert_eq!(texts(&search(&reader, all.clone()).await.unwrap()), [format!("the safe is behind clock {round}")]);
    }
    writer.delete(Delete::read(json!({ "id": "n7" })).unwrap()).await.unwrap();
    assert!(search(&reader, all.clone()).await.unwrap()[0].memory.content.contains("bread"));
    add(&writer, json!({ "content": "the safe is behind the door", "user_id": "new" })).await.unwrap();
    assert_eq!(texts(&search(&reader, all.clone()).await.unwrap()), ["the safe is behind the door"]);
    // Tags are what a filter asks for, and no new text.
    writer.update(updating("n8", json!({ "tags": ["rye"] }))).await.unwrap();
    let rye = json!({ "query": "bread", "filters": { "tags": "rye" } });
    assert_eq!(found(&reader, rye.clone()).await, ["n8"]);
    writer.update(updating("n8", json!({ "tags": [] }))).await.unwrap();
    assert!(found(&reader, rye).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tables_follow_behind_the_writes_also_when_changes_are_not_kept_any_longer() {
    let server = Server::start();
    let url = server.database();
    let stores = wide_stores(&url);
    let store = stores.tenant("default").await.unwrap();
    let client = connect(&url).await;
    let notes: Vec<Value> = (0..1200)
        .map(|at| json!({ "id": format!("n{at}"), "content": format!("note {at}"), "user_id": "ada" }))
        .collect();
    add_all(&store, &notes).await;
    let begin = Instant::now();
    while count(&client, "om_wide_text", "true").await < 1200 {
        assert!(begin.elapsed() < Duration::from_secs(30), "nothing is followed");
        tokio::time::sleep(Duration::from_millis(20)).await;
        add(&store, json!({ "content": "one more", "user_id": "bob" })).await.unwrap();
    }
    assert!(count(&client, "om_wide_vector_256", "true").await >= 1200);
    let nearest = json!({ "query": "note 1100", "limit": 3 });
    assert_eq!(texts(&search(&store, nearest.clone()).await.unwrap())[0], "note 1100");
    // What was written meanwhile is neither there nor known from the changes.
    let writers = crate::support::stores(&url);
    let writer = writers.tenant("default").await.unwrap();
    writer.update(updating("n1100", json!({ "content": "somewhere else" }))).await.unwrap();
    writer.delete(Delete::read(json!({ "id": "n1101" })).unwrap()).await.unwrap();
    client.batch_execute("DELETE FROM om_change").await.unwrap();
    let seen = search(&store, json!({ "query": "somewhere else", "limit": 1 })).await.unwrap();
    assert_eq!(texts(&seen), ["somewhere else"]);
    assert!(!texts(&search(&store, nearest).await.unwrap()).contains(&"note 1100"));
    assert_eq!(count(&client, "om_wide_scope", "filled_to IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_that_leaves_few_finds_all_of_those() {
    let server = Server::start();
    let url = server.database();
    let stores = wide_stores(&url);
    let store = stores.tenant("default").await.unwrap();
    let long = "long ".repeat(40);
    let mut notes: Vec<Value> = (0..2500)
        .map(|at| json!({ "content": format!("the same words {at}"), "user_id": format!("u{}", at % 50) }))
        .collect();
    for (at, (field, value)) in [
        ("tags", json!(["Rare Tag"])),
        ("run_id", json!(long)),
        ("agent_id", json!("a\u{1}b")),
        ("app_id", json!("app")),
    ]
    .into_iter()
    .enumerate()
    {
        notes[at * 100][field] = value;
        notes[at * 100]["id"] = json!(format!("marked {field}"));
        notes[at * 100]["content"] = json!("something far away from it");
    }
    add_all(&store, &notes).await;
    let query = "the same words 7";
    for (field, filters) in [
        ("tags", json!({ "tags": "Rare Tag" })),
        ("run_id", json!({ "run_id": long })),
        ("agent_id", json!({ "agent_id": "a\u{1}b" })),
        ("app_id", json!({ "AND": [{ "app_id": "app" }, { "user_id": { "in": ["u0", "u1"] } }] })),
        ("app_id", json!({ "memory_ids": ["marked app_id"] })),
    ] {
        let expected = [format!("marked {field}")];
        assert_eq!(found(&store, json!({ "query": query, "filters": filters })).await, expected, "{filters}");
    }
    let elsewhere = json!({ "query": query, "filters": { "AND": [{ "app_id": "app" }, { "user_id": "u1" }] } });
    assert!(found(&store, elsewhere).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_user_is_searched_widely_too_and_linked() {
    let server = Server::start();
    let url = server.database();
    let stores = wide_stores(&url);
    let store = stores.tenant("default").await.unwrap();
    let notes: Vec<Value> = (0..300)
        .map(|at| json!({ "id": format!("n{at}"), "content": format!("note {at} about bread"), "user_id": "ada" }))
        .collect();
    add_all(&store, &notes).await;
    let request =
        json!({ "query": "note 123 about bread", "filters": { "user_id": "ada" }, "explain": true, "limit": 1 });
    let hits = search(&store, request).await.unwrap();
    assert_eq!(ids(&hits), ["n123"]);
    assert!(hits[0].explain.as_ref().unwrap().iter().any(|part| part.name == "approximate"));
    // Nobody has loaded the user.
    assert_eq!(store.stats().await.unwrap().vectors, 0);
    let added =
        add(&store, json!({ "id": "twin", "content": "note 123 about bread too", "user_id": "ada" })).await.unwrap();
    assert_eq!(added.memory.version.number, 1);
    let client = connect(&url).await;
    let linked = "EXISTS (SELECT FROM om_id i WHERE i.id = 'twin' AND i.number = om_waypoints.number)";
    assert_eq!(count(&client, "om_waypoints", linked).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_proposes_the_memories_of_another_tenant() {
    let server = Server::start();
    let owner = server.database();
    let owners = wide_stores(&owner);
    owners.tenant("one").await.unwrap();
    let app = server.role(&owner);
    let stores = wide_stores(&app);
    for (name, word) in [("one", "clock"), ("other", "garden")] {
        let store = stores.tenant(name).await.unwrap();
        let notes: Vec<Value> = (0..40)
            .map(|at| json!({ "content": format!("safe {at} is by the {word}"), "user_id": format!("u{at}") }))
            .collect();
        add_all(&store, &notes).await;
    }
    for (name, word) in [("one", "clock"), ("other", "garden")] {
        let store = stores.tenant(name).await.unwrap();
        let hits = search(&store, json!({ "query": "safe by the clock in the garden", "limit": 50 })).await.unwrap();
        assert_eq!(hits.len(), 40);
        assert!(hits.iter().all(|hit| hit.memory.content.contains(word)));
    }
    let client = connect(&app).await;
    for table in ["om_wide_scope", "om_wide_text", "om_wide_vector_256"] {
        assert_eq!(count(&client, table, "true").await, 0, "{table}, without a tenant");
        assert!(count(&connect(&owner).await, table, "tenant = 'other'").await >= 40, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_made_unless_it_is_asked_for_and_a_role_that_may_not_is_told() {
    let server = Server::start();
    let owner = server.database();
    stores(&owner).tenant("default").await.unwrap();
    let client = connect(&owner).await;
    assert_eq!(count(&client, "pg_class", "relname LIKE 'om_wide%'").await, 0);
    assert_eq!(count(&client, "pg_extension", "extname = 'vector'").await, 0);
    let app = server.role(&owner);
    let refused = wide_stores(&app).tenant("default").await.map(drop).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidArgument);
    assert!(matches!(&refused, Error::Invalid(Invalid { field, .. }) if field == "approximateAbove"), "{refused:?}");
    assert!(refused.to_string().contains("needs the extension vector of version 0.8 or newer"), "{refused}");
    wide_stores(&owner).tenant("default").await.unwrap();
    server.grant(&owner);
    wide_stores(&app).tenant("default").await.unwrap();
}

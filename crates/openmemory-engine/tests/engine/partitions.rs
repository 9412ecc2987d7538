//! Do results depend on which partitions are in memory? Here almost none may stay, or all.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ScopedJoinHandle;

use openmemory_domain::request::Search;
use openmemory_engine::set_index_memory;
use openmemory_rules::contract::Control;
use serde_json::{Value, json};

use crate::support::{Fixture, code, to_json};
use contract_model::rng::Rng;

/// At most one partition stays.
const TINY: usize = 1;
const UNLIMITED: usize = usize::MAX / 16;

/// The budget is that of the process, so one test at a time sets it.
static ALONE: Mutex<()> = Mutex::new(());

struct Budget {
    _alone: MutexGuard<'static, ()>,
}

impl Budget {
    fn begin() -> Self {
        Self { _alone: ALONE.lock().unwrap_or_else(PoisonError::into_inner) }
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        set_index_memory(UNLIMITED);
    }
}

const USERS: [Option<&str>; 6] = [None, Some("ada"), Some("bo"), Some("cy"), Some("di"), Some("ed")];
const WORDS: [&str; 12] = [
    "tea", "coffee", "garden", "winter", "sister", "piano", "lisbon", "train", "doctor", "anxious", "install", "happy",
];
const THREADS: usize = 3;
const CHANGES: usize = 40;
const ROUNDS: usize = 4;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// A memory of a user, or of none.
fn of(user: Option<&str>, mut memory: Value) -> Value {
    if let Some(user) = user {
        memory["user_id"] = user.into();
    }
    memory
}

fn sentence(rng: &mut Rng) -> String {
    let words: Vec<&str> = (0..1 + rng.below(6)).map(|_| *rng.one(&WORDS)).collect();
    format!("Ada and the {}{}", words.join(" "), if rng.once_in(4) { "?" } else { "." })
}

/// Whether a search for the memory itself finds it, with this text.
async fn finds(fixture: &Fixture, user: Option<&str>, id: &str, content: &str) -> bool {
    let filters = json!({"user_id": user, "memory_ids": [id]});
    let hits = fixture.search(json!({"query": content, "filters": filters})).await.unwrap();
    hits.iter().any(|hit| hit.memory.version.id.as_str() == id && hit.memory.content == content)
}

/// Random changes of memories that no other thread changes. Each is seen by a search when it is acknowledged.
async fn change(fixture: &Fixture, rng: &mut Rng, name: &str) {
    let mut known: Vec<(String, Option<&str>, String)> = Vec::new();
    for at in 0..CHANGES {
        if known.is_empty() || rng.once_in(3) {
            let (id, user, content) = (format!("{name}-{at}"), *rng.one(&USERS), sentence(rng));
            let run = *rng.one(&["monday", "tuesday"]);
            let memory = json!({"id": id, "content": content, "run_id": run, "tags": [rng.one(&WORDS)]});
            fixture.add(of(user, memory)).await.unwrap();
            assert!(finds(fixture, user, &id, &content).await, "{id} is added");
            known.push((id, user, content));
            continue;
        }
        let place = rng.below(known.len());
        let (id, user, content) = &mut known[place];
        match rng.below(6) {
            0 => {
                *content = sentence(rng);
                fixture.update(id, json!({"content": content})).await.unwrap();
                assert!(finds(fixture, *user, id, content).await, "{id} has a new text");
            }
            1 => drop(fixture.update(id, json!({"tags": [rng.one(&WORDS)]})).await.unwrap()),
            2 => {
                let sector = *rng.one(&["semantic", "emotional", "reflective"]);
                fixture.update(id, json!({"metadata": {"sector": sector}})).await.unwrap();
                let filters = json!({"user_id": user, "memory_ids": [id]});
                let request = json!({"query": content, "sectors": [sector], "filters": filters});
                assert_eq!(fixture.search(request).await.unwrap().len(), 1, "{id} is {sector}");
            }
            3 => drop(fixture.feedback(id, rng.one::<&str>(&["POSITIVE", "NEGATIVE", "VERY_NEGATIVE"])).await.unwrap()),
            4 => drop(fixture.reinforce(id).await.unwrap()),
            _ => {
                fixture.delete(id).await.unwrap();
                assert!(!finds(fixture, *user, id, content).await, "{id} is deleted");
                known.swap_remove(place);
            }
        }
    }
}

/// Whatever is written meanwhile, a search names no memory twice, and those of its scope only.
fn search_until(fixture: &Fixture, done: &AtomicBool, seed: u64) -> usize {
    let (mut rng, mut searches) = (Rng::new(seed), 0);
    let runtime = runtime();
    while !done.load(Ordering::Acquire) || searches == 0 {
        let user = *rng.one(&USERS);
        let filters = if rng.once_in(2) { json!({ "user_id": user }) } else { json!({}) };
        let request = json!({"query": sentence(&mut rng), "filters": filters, "limit": 8});
        let hits = runtime.block_on(fixture.search(request)).unwrap();
        let ids: HashSet<&str> = hits.iter().map(|hit| hit.memory.version.id.as_str()).collect();
        assert_eq!(ids.len(), hits.len());
        if filters.get("user_id").is_some() {
            assert!(hits.iter().all(|hit| hit.memory.version.scope.user_id.as_deref() == user));
        }
        searches += 1;
    }
    searches
}

/// What searches find, with all scores and what they consist of.
fn found(fixture: &Fixture, queries: &[String]) -> Vec<Value> {
    let mut found = Vec::new();
    for query in queries {
        let scopes = [json!({}), json!({"user_id": {"in": ["ada", "bo"]}}), json!({"user_id": null})];
        let filters = scopes.into_iter().chain([json!({"run_id": "monday"}), json!({"user_id": "cy", "tags": "tea"})]);
        for filters in filters {
            let shown = filters.to_string();
            let request = json!({"query": query, "filters": filters, "limit": 20, "explain": true});
            let request = Search::read(request).unwrap();
            let vector = runtime().block_on(fixture.engine.embed_query(&request)).unwrap();
            let hits = fixture.engine.search(&request, &vector, &Control::default()).unwrap();
            found.push(json!([query, shown, to_json(&hits)]));
        }
    }
    found
}

#[test]
fn results_do_not_depend_on_how_many_partitions_may_stay_in_memory() {
    let _budget = Budget::begin();
    let mut fixture = Fixture::new();
    for round in 0..ROUNDS {
        // Changes meet partitions that are loaded in each second round, and mostly none in the others.
        set_index_memory(if round % 2 == 0 { TINY } else { UNLIMITED });
        let done = AtomicBool::new(false);
        std::thread::scope(|threads| {
            let (fixture, done) = (&fixture, &done);
            let searching = [1, 2].map(|seed| threads.spawn(move || search_until(fixture, done, 100 + seed)));
            let changing: Vec<_> = (0..THREADS)
                .map(|thread| {
                    threads.spawn(move || {
                        let mut rng = Rng::new((round * THREADS + thread) as u64 + 1);
                        runtime().block_on(change(fixture, &mut rng, &format!("m{round}-{thread}")));
                    })
                })
                .collect();
            // If a change fails, the searches must end too.
            let changed: Vec<_> = changing.into_iter().map(ScopedJoinHandle::join).collect();
            done.store(true, Ordering::Release);
            changed.into_iter().for_each(Result::unwrap);
            searching.into_iter().for_each(|searching| assert!(searching.join().unwrap() > 0));
        });
        let mut rng = Rng::new(round as u64 + 50);
        let queries: Vec<String> = (0..6).map(|_| sentence(&mut rng)).collect();
        let as_changed = found(&fixture, &queries);
        assert!(as_changed.iter().any(|found| found[2].as_array().unwrap().len() > 5));
        for budget in [TINY, UNLIMITED, TINY] {
            set_index_memory(budget);
            assert_eq!(found(&fixture, &queries), as_changed, "round {round}, {budget} bytes");
        }
        // At most the partition that was used last stays.
        assert!(fixture.engine.stats().unwrap().users <= 1);
        fixture = fixture.reopened();
    }
}

#[test]
fn a_larger_budget_keeps_more_partitions_and_a_smaller_one_lets_them_go() {
    let _budget = Budget::begin();
    set_index_memory(UNLIMITED);
    let fixture = Fixture::new();
    let items: Vec<Value> =
        (0..60).map(|at| of(USERS[at % USERS.len()], json!({"content": format!("Number {at}.")}))).collect();
    runtime().block_on(fixture.add_many(json!({ "items": items }))).unwrap();
    let all = json!({"query": "Number 7.", "limit": 100});
    assert_eq!(runtime().block_on(fixture.search(all.clone())).unwrap().len(), 60);
    let loaded = fixture.engine.stats().unwrap();
    assert_eq!((loaded.users, loaded.vectors >= 60, loaded.index_memory), (USERS.len(), true, UNLIMITED));
    set_index_memory(TINY);
    let evicted = fixture.engine.stats().unwrap();
    assert!(evicted.users <= 1 && evicted.index_bytes < loaded.index_bytes, "{evicted:?}");
    assert_eq!(runtime().block_on(fixture.search(all)).unwrap().len(), 60);
    assert!(fixture.engine.stats().unwrap().users <= 1);
}

/// The first searches of a user arrive together, while the user's memories change.
#[test]
fn searches_that_want_a_partition_at_once_all_see_what_was_acknowledged_before_them() {
    let mut fixture = Fixture::new();
    let items: Vec<Value> = (0..200)
        .map(|at| json!({"id": format!("m{at}"), "content": format!("Number {at}."), "user_id": "ada"}))
        .collect();
    runtime().block_on(fixture.add_many(json!({ "items": items }))).unwrap();
    for round in 0..10 {
        fixture = fixture.reopened();
        std::thread::scope(|threads| {
            for thread in 0..4 {
                let fixture = &fixture;
                threads.spawn(move || {
                    let id = format!("m{}", round * 4 + thread);
                    let runtime = runtime();
                    let content = format!("Changed {id} in round {round}.");
                    runtime.block_on(fixture.update(&id, json!({"tags": [id]}))).unwrap();
                    assert!(runtime.block_on(finds(fixture, Some("ada"), &id, &format!("Number {}.", &id[1..]))));
                    runtime.block_on(fixture.update(&id, json!({ "content": content }))).unwrap();
                    assert!(runtime.block_on(finds(fixture, Some("ada"), &id, &content)));
                    let other = format!("m{}", 199 - (round * 4 + thread));
                    runtime.block_on(fixture.delete(&other)).unwrap();
                    let hits = runtime.block_on(fixture.search(json!({"query": "Number", "limit": 1000}))).unwrap();
                    assert!(hits.iter().all(|hit| hit.memory.version.id.as_str() != other));
                });
            }
        });
        let left = runtime().block_on(fixture.search(json!({"query": "Number", "limit": 1000}))).unwrap();
        assert_eq!(left.len(), 200 - 4 * (round + 1));
    }
}

#[tokio::test]
async fn users_without_memories_have_nothing_to_find_and_take_no_memory() {
    let fixture = Fixture::new();
    assert_eq!(fixture.search(json!({"query": "tea"})).await.unwrap().len(), 0);
    fixture.add(json!({"id": "m", "content": "tea", "user_id": "ada"})).await.unwrap();
    let of_eve = json!({"query": "tea", "filters": {"user_id": "eve"}});
    assert_eq!(fixture.search(of_eve.clone()).await.unwrap().len(), 0);
    // The thread that has found nothing may still be about to let it go.
    let let_go = (0..1000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        fixture.engine.stats().unwrap().users == 0
    });
    assert!(let_go);
    fixture.add(json!({"id": "n", "content": "tea", "user_id": "eve"})).await.unwrap();
    assert_eq!(fixture.search(of_eve).await.unwrap().len(), 1);
    fixture.delete("m").await.unwrap();
    assert_eq!(code(&fixture.search(json!({"query": "tea"})).await), None);
    assert_eq!(fixture.search(json!({"query": "tea"})).await.unwrap().len(), 1);
}

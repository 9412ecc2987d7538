//! Do concurrent readers see only complete versions, never the text of one with tags, metadata or vectors of another?

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use openmemory_domain::request::{List, Search};
use openmemory_domain::{Memory, Vector};
use openmemory_embedding::{Embedder, TestEmbedder};
use openmemory_rules::contract::Control;
use serde_json::json;

use crate::support::Fixture;

const ROUNDS: usize = 400;
const QUERY: &str = "Number filler";

/// A single sentence, so that all its vectors are equal, which differs between successive versions.
fn content(number: usize) -> String {
    format!("Number {number}{}.", " filler".repeat(number % 7))
}

/// The number that all fields of the memory have in common; panics if they differ.
fn number_of(memory: &Memory) -> usize {
    let number = memory.version.number as usize;
    assert_eq!(memory.content, content(number));
    assert_eq!(memory.version.tags.as_slice(), [format!("tag{number}")]);
    assert_eq!(memory.version.metadata.fields()["number"], number);
    number
}

fn score_of(content: &str) -> f32 {
    let (text, query) = (TestEmbedder.query(content).unwrap(), TestEmbedder.query(QUERY).unwrap());
    Vector::new(&text).dot(&query)
}

fn read_all_ways(fixture: &Fixture, query: &[f32], last: usize) -> usize {
    let seen = number_of(&fixture.get("m").unwrap());
    assert!(seen >= last, "{seen} after {last}");
    let list = |filters| {
        fixture.engine.list(&List::read(json!({ "filters": filters })).unwrap(), &Control::default()).unwrap().memories
    };
    for memory in list(json!({"run_id": "r"})).iter().chain(&list(json!({"tags": format!("tag{seen}")}))) {
        number_of(memory);
    }
    for entry in fixture.history("m").unwrap().iter().take(3) {
        assert_eq!(entry.content, content(entry.version.number as usize));
    }
    let hits =
        fixture.engine.search(&Search::read(json!({ "query": QUERY })).unwrap(), query, &Control::default()).unwrap();
    assert_eq!(hits.len(), 1);
    number_of(&hits[0].memory);
    assert!((hits[0].similarity - score_of(&hits[0].memory.content)).abs() < 1e-4);
    seen
}

#[test]
fn readers_never_see_a_mix_of_versions() {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let fixture = Fixture::new();
    let state =
        |number| json!({"content": content(number), "tags": [format!("tag{number}")], "metadata": {"number": number}});
    let mut first = state(1);
    (first["id"], first["run_id"]) = (json!("m"), json!("r"));
    runtime().block_on(fixture.add(first)).unwrap();
    let query =
        runtime().block_on(fixture.engine.embed_query(&Search::read(json!({ "query": QUERY })).unwrap())).unwrap();
    let (done, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                let mut last = 1;
                while !done.load(Ordering::Acquire) {
                    last = read_all_ways(&fixture, &query, last);
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // If the writer fails, the readers must end too.
        let writing = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for number in 2..=ROUNDS {
                runtime().block_on(fixture.update("m", state(number))).unwrap();
                assert_eq!(read_all_ways(&fixture, &query, number), number, "an acknowledged write is read");
            }
        }));
        done.store(true, Ordering::Release);
        writing.unwrap();
    });
    assert!(reads.load(Ordering::Relaxed) > 100);
}

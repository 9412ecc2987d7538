//! Is a store of format 1 upgraded when it is opened, wherever an earlier attempt was interrupted? The stores are those that
//! an earlier version left, which the JavaScript tests open too.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::GzDecoder;
use openmemory_domain::Timestamp;
use openmemory_domain::request::{List, Search};
use openmemory_embedding::TestEmbedder;
use openmemory_engine::{Engine, Options, doctor};
use openmemory_index::Terms;
use openmemory_rules::contract::Control;
use openmemory_rules::{Error, Number, Words};
use openmemory_storage::{Durability, Indexed, SizeLimits, Store, StoreOptions, Transaction, Unindexed};
use serde_json::{Value, json};

use crate::support::{ManualClock, to_json};

const STATES: [&str; 3] = ["closed", "killed", "backup"];
const MEMORIES: usize = 9;
/// After the memories were stored: 2027-01-15.
const AFTERWARDS: i64 = 1_800_000_000_000;
const QUERIES: [&str; 5] =
    ["coffee in Lisbon", "ferry schedule", "käse und brot", "violin lessons", "rain on the harbour"];

/// A store of format 1 as it was on a disk.
fn unpacked(state: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let packed: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "..", "__test__", "fixtures", "store-v1", state].iter().collect();
    unpack(&packed, directory.path());
    directory
}

fn unpack(packed: &Path, into: &Path) {
    fs::create_dir_all(into).unwrap();
    for entry in fs::read_dir(packed).unwrap() {
        let path = entry.unwrap().path();
        let target = into.join(path.file_stem().unwrap());
        if path.is_dir() {
            // The number of a sled is no extension.
            unpack(&path, &into.join(path.file_name().unwrap()));
        } else {
            io::copy(&mut GzDecoder::new(File::open(&path).unwrap()), &mut File::create(target).unwrap()).unwrap();
        }
    }
}

fn assert_healthy(directory: &Path, when: &str) {
    let found = doctor(directory, false, Timestamp::from_millis(0)).unwrap();
    assert!(found.healthy && found.complete && found.memories == MEMORIES as u64, "{when}: {:?}", found.problems);
}

fn opened(directory: &Path) -> Store {
    let how = StoreOptions { durability: Durability::Flush, bounds: SizeLimits::default(), allow_non_empty: false };
    Store::open(directory, how, Timestamp::from_millis(0)).unwrap()
}

/// Upgrades some memories, each in a commit of its own, and stops.
fn upgrade(directory: &Path, memories: usize) {
    let store = opened(directory);
    assert_eq!(store.indexed().unwrap(), None);
    let some: Vec<Unindexed> = store.unindexed(Number(0)).take(memories).collect::<Result<_, _>>().unwrap();
    for memory in some {
        let work = move |transaction: &mut Transaction<'_>| -> Result<(), Error> {
            transaction.upgrade(&memory, &Words::new(Terms::of(&memory.text).encode()))?;
            let next = Some(Number(memory.number.0 + 1));
            Ok(transaction.put_indexed(&Indexed { words: Terms::VERSION, next })?)
        };
        store.commit_blocking(work).unwrap().unwrap();
    }
}

/// Everything of a store, and what searches find in it, with scores at one moment.
async fn everything(directory: &Path) -> Value {
    let clock = Arc::new(ManualClock::default());
    clock.set(AFTERWARDS);
    let options = Options { clock, ..Options::new(directory, Arc::new(TestEmbedder)) };
    let engine = Engine::open(options).unwrap();
    let list = List::read(json!({"limit": 1000, "showExpired": true})).unwrap();
    let memories = to_json(&engine.list(&list, &Control::default()).unwrap());
    let mut found = Vec::new();
    for query in QUERIES {
        for filters in [json!({}), json!({"user_id": "ada"}), json!({"tags": "food"})] {
            let request = json!({"query": query, "filters": filters, "showExpired": true, "explain": true, "limit": 5});
            let request = Search::read(request).unwrap();
            let vector = engine.embed_query(&request).await.unwrap();
            found.push(to_json(&engine.search(&request, &vector, &Control::default()).unwrap()));
        }
    }
    engine.close().unwrap();
    json!([memories, found])
}

#[tokio::test]
async fn every_store_of_format_1_is_upgraded_wherever_it_was_interrupted() {
    for state in STATES {
        let expected = everything(unpacked(state).path()).await;
        assert_eq!(expected[0]["memories"].as_array().unwrap().len(), MEMORIES);
        assert!(expected[1][0].as_array().unwrap().len() > 1);
        for stop in [0, 1, MEMORIES / 2, MEMORIES] {
            let directory = unpacked(state);
            assert_healthy(directory.path(), &format!("{state}, before"));
            upgrade(directory.path(), stop);
            assert_healthy(directory.path(), &format!("{state}, after {stop}"));
            assert_eq!(everything(directory.path()).await, expected, "{state}, after {stop}");
            assert_healthy(directory.path(), &format!("{state}, upgraded"));
            let done = Indexed { words: Terms::VERSION, next: None };
            assert_eq!(opened(directory.path()).indexed().unwrap(), Some(done));
        }
    }
}

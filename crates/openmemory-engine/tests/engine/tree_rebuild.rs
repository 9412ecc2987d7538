//! Is the sled tree rebuilt during reads and writes without losing anything?

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use openmemory_domain::request::{Delete, Get, List, NewMemory, Update};
use openmemory_engine::{Engine, Options};
use openmemory_rules::contract::Control;
use openmemory_storage::{Durability, SizeLimits};
use serde_json::json;

use crate::support::options;

const SMALL: SizeLimits = SizeLimits { segment_bytes: 128 * 1024, log_bytes: 512 * 1024 };

fn open(directory: &Path) -> Engine {
    open_within(directory, Durability::Flush, SMALL)
}

fn open_within(directory: &Path, durability: Durability, bounds: SizeLimits) -> Engine {
    Engine::open(Options { bounds, ..options(directory, durability) }).unwrap()
}

fn sleds(directory: &Path) -> Vec<String> {
    let names = directory.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("sled-")).collect()
}

fn states(engine: &Engine) -> BTreeMap<String, (u64, String)> {
    let list = List::read(json!({"limit": 1000, "order": "created_at:asc"})).unwrap();
    let memories = engine.list(&list, &Control::default()).unwrap().memories;
    let state = |memory: openmemory_domain::Memory| {
        (memory.version.id.as_str().to_owned(), (memory.version.number, memory.content))
    };
    memories.into_iter().map(state).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tree_is_rebuilt_during_reads_and_writes_and_nothing_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Arc::new(open(directory.path()));
    let kept = NewMemory::read(json!({"id": "kept", "content": "Stays as it is."})).unwrap();
    engine.add(kept).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let reading = {
        let (engine, stop) = (Arc::clone(&engine), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut reads = 0u64;
            while !stop.load(Ordering::Relaxed) {
                let kept = engine.get(&Get::read(json!({"id": "kept"})).unwrap()).unwrap();
                assert_eq!(kept.content, "Stays as it is.");
                assert!(states(&engine).contains_key("kept"));
                reads += 1;
            }
            reads
        })
    };
    let mut expected = BTreeMap::from([("kept".to_owned(), (1, "Stays as it is.".to_owned()))]);
    for n in 0..300u64 {
        let (id, content) = (format!("m{n}"), format!("Memory {n} {}", "x".repeat(400)));
        engine.add(NewMemory::read(json!({"id": id, "content": content})).unwrap()).await.unwrap();
        let patch = json!({"id": id, "patch": {"metadata": {"fill": "y".repeat(400)}}});
        engine.update(Update::read(patch).unwrap()).await.unwrap();
        expected.insert(id, (2, content));
        if n >= 20 {
            let old = format!("m{}", n - 20);
            engine.delete(Delete::read(json!({"id": old})).unwrap()).await.unwrap();
            expected.remove(&old);
        }
    }
    stop.store(true, Ordering::Relaxed);
    assert!(reading.join().unwrap() > 0);
    assert_eq!(states(&engine), expected);
    let present = sleds(directory.path());
    assert!(!present.contains(&"sled-0000000000000001".to_owned()), "{present:?}");
    drop(engine);
    assert_eq!(sleds(directory.path()).len(), 1, "one tree is left without readers");
    let engine = open(directory.path());
    assert_eq!(engine.stats().unwrap().repaired, None);
    assert_eq!(states(&engine), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_during_a_rebuild_is_in_the_new_tree() {
    const WRITERS: usize = 4;
    const REBUILDS: u64 = 3;
    let directory = tempfile::tempdir().unwrap();
    // Commits that do not wait for a sync arrive at the highest rate.
    let bounds = SizeLimits { segment_bytes: 64 * 1024, log_bytes: 128 * 1024 };
    let engine = Arc::new(open_within(directory.path(), Durability::Interval, bounds));
    let is_rebuilt = Arc::new(AtomicBool::new(false));
    let writing = (0..WRITERS).map(|writer| {
        let (engine, is_rebuilt) = (Arc::clone(&engine), Arc::clone(&is_rebuilt));
        tokio::spawn(async move {
            let id = format!("m{writer}");
            engine.add(NewMemory::read(json!({"id": id, "content": "A memory."})).unwrap()).await.unwrap();
            let mut version = 1;
            while version % 50 > 0 || !is_rebuilt.load(Ordering::Relaxed) {
                let patch = json!({"id": id, "patch": {"metadata": {"n": version, "fill": "y".repeat(4000)}}});
                engine.update(Update::read(patch).unwrap()).await.unwrap();
                version += 1;
            }
            version
        })
    });
    let writing: Vec<_> = writing.collect();
    let before = rebuilds(directory.path());
    for _ in 0..REBUILDS {
        let engine = Arc::clone(&engine);
        tokio::task::spawn_blocking(move || engine.compact()).await.unwrap().unwrap();
    }
    assert!(rebuilds(directory.path()) >= before + REBUILDS);
    is_rebuilt.store(true, Ordering::Relaxed);
    let mut expected = Vec::new();
    for writer in writing {
        expected.push(writer.await.unwrap());
    }
    let versions: Vec<u64> = states(&engine).values().map(|(version, _)| *version).collect();
    assert_eq!(versions, expected);
}

/// How often the tree was rebuilt.
fn rebuilds(directory: &Path) -> u64 {
    let names = sleds(directory);
    let numbers = names.iter().filter_map(|name| u64::from_str_radix(name.strip_prefix("sled-")?, 16).ok());
    numbers.max().unwrap() - 1
}

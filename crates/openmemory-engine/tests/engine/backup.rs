//! Is a backup consistent while the store is written to, and does a checkpoint shorten the log without losing data?

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use openmemory_domain::request::{List, NewMemory, Update};
use openmemory_engine::{Engine, Options};
use openmemory_rules::contract::Control;
use openmemory_storage::{Durability, SizeLimits};
use serde_json::{Value, json};

use crate::support::{Fixture, code, options};

const SMALL: SizeLimits = SizeLimits { segment_bytes: 128 * 1024, log_bytes: 512 * 1024 };

fn open(directory: &Path) -> Engine {
    open_within(directory, SMALL)
}

fn open_within(directory: &Path, bounds: SizeLimits) -> Engine {
    Engine::open(Options { bounds, ..options(directory, Durability::Flush) }).unwrap()
}

async fn add(engine: &Engine, id: &str) {
    engine.add(NewMemory::read(json!({"id": id, "content": format!("About {id}.")})).unwrap()).await.unwrap();
}

async fn update(engine: &Engine, id: &str, metadata: Value) -> u64 {
    let update = Update::read(json!({"id": id, "patch": {"metadata": metadata}})).unwrap();
    engine.update(update).await.unwrap().version.number
}

fn versions(engine: &Engine) -> Vec<u64> {
    let list = List::read(json!({"limit": 1000, "order": "created_at:asc"})).unwrap();
    engine.list(&list, &Control::default()).unwrap().memories.iter().map(|memory| memory.version.number).collect()
}

fn files(directory: &Path, prefix: &str) -> Vec<u64> {
    let entries = directory.read_dir().unwrap().map(Result::unwrap);
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    // A checkpoint may get its name in between.
    named.filter_map(|entry| entry.metadata().ok()).map(|file| file.len()).collect()
}

fn sled(directory: &Path) -> std::path::PathBuf {
    let entries = directory.read_dir().unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("sled-")).max().unwrap()
}

#[tokio::test]
async fn a_backup_during_writes_has_everything_acknowledged_before_it() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Arc::new(open(&directory.path().join("store")));
    for id in ["a", "b"] {
        add(&engine, id).await;
    }
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(1)));
    let writing = {
        let (engine, stop, acknowledged) = (Arc::clone(&engine), Arc::clone(&stop), Arc::clone(&acknowledged));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            while !stop.load(Ordering::Relaxed) {
                let fill = "x".repeat(3000);
                acknowledged.store(runtime.block_on(update(&engine, "b", json!({ "fill": fill }))), Ordering::Relaxed);
            }
        })
    };
    let mut backups = Vec::new();
    for round in 0..5 {
        while acknowledged.load(Ordering::Relaxed) < 100 * (round + 1) {
            std::thread::yield_now();
        }
        let (before, to) = (acknowledged.load(Ordering::Relaxed), directory.path().join(format!("backups/{round}")));
        let made = engine.backup(&to, &Control::default()).unwrap();
        assert_eq!(made.memories, 2);
        backups.push((before, to));
    }
    stop.store(true, Ordering::Relaxed);
    writing.join().unwrap();
    for (before, backup) in backups {
        let copy = open(&backup);
        assert_eq!(copy.stats().unwrap().repaired, None);
        let [1, version] = versions(&copy)[..] else { panic!("{:?}", versions(&copy)) };
        assert!(version >= before, "{version} of {before}");
        // The copy is a store like any other: it can be written to, closed and reopened.
        update(&copy, "a", json!({"n": 1})).await;
        copy.close().unwrap();
        drop(copy);
        assert_eq!(versions(&open(&backup)), [2, version]);
    }
}

#[tokio::test]
async fn a_backup_into_an_occupied_place_is_rejected_and_leaves_nothing_behind() {
    let fixture = Fixture::new();
    fixture.add(json!({"id": "m", "content": "one"})).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("place");
    std::fs::create_dir(&place).unwrap();
    fixture.engine.backup(&place, &Control::default()).unwrap();
    let error = fixture.engine.backup(&place, &Control::default()).unwrap_err();
    assert_eq!((error.code().as_str(), error.field()), ("INVALID_ARGUMENT", Some("dir")));
    let file = directory.path().join("file");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(code(&fixture.engine.backup(&file.join("below"), &Control::default())), Some("IO"));
    assert_eq!(directory.path().read_dir().unwrap().count(), 2, "the backup and the file");
}

#[test]
fn a_checkpoint_of_an_empty_store_keeps_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let bounds = SizeLimits { log_bytes: 0, ..SMALL };
    let engine = open_within(directory.path(), bounds);
    while files(directory.path(), "checkpoint-").is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    drop(engine);
    assert_eq!(open(directory.path()).stats().unwrap().repaired, None);
}

#[tokio::test]
async fn a_load_that_ends_above_the_limit_gets_its_checkpoint() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    add(&engine, "m").await;
    let logs = || files(directory.path(), "log-").iter().sum::<u64>();
    let mut n = 0;
    while logs() <= SMALL.log_bytes + SMALL.segment_bytes && files(directory.path(), "checkpoint-").is_empty() {
        update(&engine, "m", json!({"n": n, "fill": "x".repeat(3000)})).await;
        n += 1;
    }
    // Nothing more is written, so only the end of the load can be the reason.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while files(directory.path(), "checkpoint-").is_empty() && std::time::Instant::now() < end {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(files(directory.path(), "checkpoint-").len(), 1);
}

#[tokio::test]
async fn checkpoints_shorten_a_growing_log_without_losing_data() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    add(&engine, "m").await;
    for n in 0..600 {
        update(&engine, "m", json!({"n": n, "fill": "x".repeat(n % 3000)})).await;
        if n % 100 == 99 {
            engine.flush().unwrap();
        }
    }
    // The checkpoint that the last segment requested may still be running.
    let bytes = engine.stats().unwrap().live_bytes;
    drop(engine);
    let (logs, checkpoints) = (files(directory.path(), "log-"), files(directory.path(), "checkpoint-"));
    assert_eq!(checkpoints.len(), 1);
    // The store was closed in the middle of a load, in which the limit is twice as high.
    assert!(logs.iter().sum::<u64>() <= 2 * SMALL.log_bytes.max(bytes / 4) + 4 * SMALL.segment_bytes, "{logs:?}");
    std::fs::remove_dir_all(sled(directory.path())).unwrap();
    let engine = open(directory.path());
    assert!(engine.stats().unwrap().repaired.unwrap().contains("sled"));
    assert_eq!(versions(&engine), [601]);
    drop(engine);
    assert_eq!(open(directory.path()).stats().unwrap().repaired, None, "once");
}

//! What is lost if the redo log cannot continue in its next segment? No acknowledged commit, before or after.

use std::fs;
use std::path::Path;

use openmemory_domain::request::{Get, NewMemory, Update};
use openmemory_engine::{Engine, Options};
use openmemory_rules::Error;
use openmemory_storage::{Durability, SizeLimits};
use serde_json::json;

use crate::support::{open, options};

/// A segment that a few large updates fill.
const SMALL: SizeLimits = SizeLimits { segment_bytes: 128 * 1024, log_bytes: 1 << 30 };

async fn store(directory: &Path) -> Engine {
    let engine = Engine::open(Options { bounds: SMALL, ..options(directory, Durability::Flush) }).unwrap();
    engine.add(NewMemory::read(json!({"id": "m", "content": "Ada lives in Oslo."})).unwrap()).await.unwrap();
    engine
}

async fn update(engine: &Engine, n: usize, bytes: usize) -> Result<u64, Error> {
    let patch = json!({"metadata": {"n": n, "fill": "x".repeat(bytes)}});
    let updated = engine.update(Update::read(json!({"id": "m", "patch": patch})).unwrap()).await?;
    Ok(updated.version.number)
}

fn segments(directory: &Path) -> usize {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with("log-")).count()
}

/// The state that the next process finds after a kill, and after a power cut that lost all of sled.
fn after_a_kill(directory: &Path) -> Vec<(u64, Option<String>)> {
    let mut found = Vec::new();
    for with_sled in [true, false] {
        let copy = tempfile::tempdir().unwrap();
        copy_files(directory, copy.path(), with_sled);
        let engine = open(copy.path()).unwrap();
        let memory = engine.get(&Get::read(json!({"id": "m"})).unwrap()).unwrap();
        let repaired = engine.stats().unwrap().repaired.filter(|_| with_sled);
        found.push((memory.version.number, repaired));
    }
    found
}

fn copy_files(from: &Path, to: &Path, with_sled: bool) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_file() {
            // A segment that is being prepared may be renamed meanwhile.
            let copied = fs::copy(entry.path(), target);
            assert!(copied.is_ok() || entry.file_name().to_string_lossy().ends_with(".new"));
        } else if with_sled && entry.file_name().to_string_lossy().starts_with("sled-") {
            fs::create_dir(&target).unwrap();
            copy_files(&entry.path(), &target, true);
        }
    }
}

#[tokio::test]
async fn a_manifest_that_cannot_be_written_loses_no_acknowledged_commit() {
    let directory = tempfile::tempdir().unwrap();
    let engine = store(directory.path()).await;
    // This directory prevents the manifest from being written.
    fs::create_dir(directory.path().join("manifest.new")).unwrap();
    let mut version = 1;
    for n in 0..12 {
        version = update(&engine, n, if n % 3 == 2 { 10 } else { 60_000 }).await.unwrap();
        assert_eq!(after_a_kill(directory.path()), [(version, None), (version, None)], "{n}");
    }
    assert!(segments(directory.path()) > 3 && version == 13);
    fs::remove_dir(directory.path().join("manifest.new")).unwrap();
    engine.close().unwrap();
    drop(engine);
    let engine = open(directory.path()).unwrap();
    assert_eq!((engine.stats().unwrap().repaired, update(&engine, 0, 1).await.unwrap()), (None, 14));
}

#[tokio::test]
async fn without_a_new_segment_small_commits_succeed_and_large_ones_are_rejected() {
    let directory = tempfile::tempdir().unwrap();
    let engine = store(directory.path()).await;
    fs::create_dir(directory.path().join("log.new")).unwrap();
    let (mut version, mut refused) = (1, 0);
    for n in 0..6 {
        match update(&engine, n, 60_000).await {
            Ok(number) => version = number,
            Err(error) => {
                assert_eq!((error.code().as_str(), error.retryable()), ("IO", true));
                refused += 1;
            }
        }
    }
    assert!(refused >= 4, "{refused}");
    for n in 0..3 {
        version = update(&engine, n, 10).await.unwrap();
    }
    assert_eq!(after_a_kill(directory.path()), [(version, None), (version, None)]);
    fs::remove_dir(directory.path().join("log.new")).unwrap();
    for n in 0..6 {
        version = update(&engine, n, 60_000).await.unwrap();
        assert_eq!(after_a_kill(directory.path()), [(version, None), (version, None)]);
    }
}

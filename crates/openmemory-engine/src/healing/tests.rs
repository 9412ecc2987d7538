//! Do all callers that share a directory continue after its disk has failed and recovered?
#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use serde_json::json;

use super::*;
use crate::Registry;
use openmemory_domain::request::{Get, NewMemory};
use openmemory_embedding::TestEmbedder;

fn options(directory: &Path) -> Options {
    Options::new(directory, Arc::new(TestEmbedder))
}

async fn add(directory: &Arc<Directory>, id: &str) {
    let memory = NewMemory::read(json!({ "id": id, "content": id })).unwrap();
    directory.engine().await.unwrap().add(memory).await.unwrap();
}

async fn memories(directory: &Arc<Directory>) -> u64 {
    directory.engine().await.unwrap().stats().unwrap().memories
}

/// Calls until the directory has an engine that accepts writes.
async fn until_well(directory: &Arc<Directory>) {
    let began = Instant::now();
    while !directory.is_well() {
        assert!(began.elapsed() < Duration::from_secs(20));
        directory.engine().await.unwrap();
        thread::yield_now();
    }
}

#[tokio::test]
async fn an_engine_that_has_failed_is_replaced_for_everybody_who_shares_it() {
    let (place, registry) = (tempfile::tempdir().unwrap(), Registry::default());
    let [one, idle] = [(); 2].map(|()| registry.open(options(place.path()), "test").unwrap());
    add(&one, "before").await;
    one.engine().await.unwrap().fail();
    assert!(!one.is_well() && !idle.is_well());
    assert_eq!(memories(&one).await, 1, "reads go on");
    until_well(&one).await;
    assert!(idle.is_well());
    add(&idle, "after").await;
    assert_eq!(memories(&one).await, 2);
    for directory in [one, idle] {
        registry.release(directory).unwrap();
    }
    let again = registry.open(options(place.path()), "test").unwrap();
    assert_eq!(memories(&again).await, 2);
}

#[tokio::test]
async fn a_full_disk_that_refuses_a_call_before_anything_is_written_fails_nothing() {
    let (place, registry) = (tempfile::tempdir().unwrap(), Registry::default());
    let directory = registry.open(options(place.path()), "test").unwrap();
    let full = StorageError::from(io::Error::from(ErrorKind::StorageFull));
    let refused = directory.engine().await.unwrap().judge(Err::<(), _>(full.into())).unwrap_err();
    assert_eq!((refused.code().as_str(), refused.retryable()), ("IO", true));
    assert!(directory.is_well());
}

#[tokio::test]
async fn a_directory_that_takes_no_file_keeps_its_failed_engine() {
    let (place, registry) = (tempfile::tempdir().unwrap(), Registry::default());
    let [path, aside] = ["store", "aside"].map(|name| place.path().join(name));
    let directory = registry.open(options(&path), "test").unwrap();
    add(&directory, "before").await;
    directory.engine().await.unwrap().fail();
    fs::rename(&path, &aside).unwrap();
    let began = Instant::now();
    let tried = directory.state.lock().tried;
    while directory.state.lock().tried == tried {
        assert!(began.elapsed() < Duration::from_secs(20));
        let before = Get::read(json!({ "id": "before" })).unwrap();
        assert!(directory.engine().await.unwrap().get(&before).is_ok(), "reads go on");
    }
    assert!(!directory.is_well());
    fs::rename(&aside, &path).unwrap();
    until_well(&directory).await;
    add(&directory, "after").await;
    assert_eq!(memories(&directory).await, 2);
    // The attempts have left no file behind.
    assert!(fs::read_dir(&path).unwrap().all(|file| file.unwrap().path().extension().is_none_or(|end| end != "tmp")));
}

#[tokio::test]
async fn a_call_that_takes_long_is_not_cut_off_and_others_go_on() {
    let (place, registry) = (tempfile::tempdir().unwrap(), Registry::default());
    let directory = registry.open(options(place.path()), "test").unwrap();
    let long = directory.engine().await.unwrap();
    long.fail();
    while !directory.is_wanted() {
        assert_eq!(memories(&directory).await, 0);
    }
    assert!(!directory.is_well() && long.stats().is_ok());
    drop(long);
    until_well(&directory).await;
    assert!(!directory.is_wanted());
}

#[tokio::test]
async fn a_directory_that_cannot_be_opened_again_says_why_and_is_opened_when_it_can() {
    let (place, registry) = (tempfile::tempdir().unwrap(), Registry::default());
    let directory = registry.open(options(place.path()), "test").unwrap();
    add(&directory, "before").await;
    let manifest = place.path().join("manifest");
    let format = fs::read(&manifest).unwrap();
    directory.engine().await.unwrap().fail();
    fs::remove_file(&manifest).unwrap();
    fs::create_dir(&manifest).unwrap();
    let began = Instant::now();
    let refused = loop {
        assert!(began.elapsed() < Duration::from_secs(20));
        if let Err(error) = directory.engine().await {
            break error;
        }
    };
    assert!(!directory.is_well(), "{refused}");
    fs::remove_dir(&manifest).unwrap();
    fs::write(&manifest, format).unwrap();
    while directory.engine().await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(20));
    }
    assert_eq!(memories(&directory).await, 1);
}

#[tokio::test]
async fn a_directory_that_is_let_go_of_while_it_is_opened_again_can_be_opened_at_once() {
    let (place, registry) = (tempfile::tempdir().unwrap(), Registry::default());
    for round in 0..5 {
        let directory = registry.open(options(place.path()), "test").unwrap();
        assert_eq!(memories(&directory).await, round);
        add(&directory, &format!("memory {round}")).await;
        directory.engine().await.unwrap().fail();
        directory.state.lock().took = Duration::ZERO;
        directory.heal();
        registry.release(directory).unwrap();
    }
}

//! What happens if a directory is removed or replaced while it is open? Writes fail, and the new directory stays
//! unchanged.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use openmemory_domain::request::{Get, NewMemory};
use openmemory_engine::{Engine, Registry};
use openmemory_rules::Error;
use openmemory_rules::contract::Control;
use openmemory_storage::Durability;
use serde_json::json;

use crate::support::{code, open, options};

async fn add(engine: &Engine, id: &str) -> Result<(), Error> {
    engine.add(NewMemory::read(json!({"id": id, "content": format!("About {id}.")})).unwrap()).await.map(drop)
}

fn has(engine: &Engine, id: &str) -> bool {
    engine.get(&Get::read(json!({ "id": id })).unwrap()).is_ok()
}

/// The names and bytes of all files.
fn files(directory: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push((entry.path(), fs::read(entry.path()).unwrap())),
        }
    }
    found.sort();
    found
}

fn is_rejected<T>(result: Result<T, Error>) -> bool {
    let error = result.map(drop).unwrap_err();
    error.code().as_str() == "IO" && !error.retryable() && error.to_string().contains("removed or replaced")
}

#[tokio::test]
async fn every_call_that_would_write_into_a_removed_directory_fails() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store");
    let engine = open(&place).unwrap();
    add(&engine, "a").await.unwrap();
    fs::remove_dir_all(&place).unwrap();
    assert!(is_rejected(add(&engine, "b").await));
    assert!(is_rejected(engine.flush()));
    assert!(is_rejected(engine.close()));
    drop(engine);
    assert!(!place.exists());
}

#[tokio::test]
async fn a_backup_that_replaces_an_open_store_is_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (place, copy) = (folder.path().join("store"), folder.path().join("copy"));
    let engine = open(&place).unwrap();
    add(&engine, "a").await.unwrap();
    engine.backup(&copy, &Control::default()).unwrap();
    add(&engine, "b").await.unwrap();
    fs::rename(&place, folder.path().join("old")).unwrap();
    fs::rename(&copy, &place).unwrap();
    let before = files(&place);
    assert!(is_rejected(add(&engine, "c").await) && is_rejected(engine.close()));
    drop(engine);
    assert_eq!(files(&place), before);
    let engine = open(&place).unwrap();
    assert!(has(&engine, "a") && !has(&engine, "b") && !has(&engine, "c"));
    // The former directory can still be opened as a store.
    let old = open(&folder.path().join("old")).unwrap();
    assert!(has(&old, "b"));
}

#[tokio::test]
async fn no_caller_shares_an_engine_whose_directory_was_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store");
    let registry = Registry::default();
    let opening = || registry.open(options(&place, Durability::Flush), "e");
    let first = opening().unwrap();
    fs::remove_dir_all(&place).unwrap();
    assert!(is_rejected(opening()));
    assert_eq!(code(&registry.release(first)), Some("IO"));
    let second = opening().unwrap();
    add(&second.engine().await.unwrap(), "a").await.unwrap();
    assert!(Arc::strong_count(&second) == 1 && registry.release(second).is_ok());
}

//! Does a compaction remove deleted data from the files, and nothing else?

use std::fs;
use std::path::Path;

use openmemory_domain::Timestamp;
use openmemory_engine::doctor;
use serde_json::json;

use crate::support::Fixture;

/// Counts the files that contain the bytes of a text.
fn files_with(directory: &Path, text: &str) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        count += match entry.file_type().unwrap().is_dir() {
            true => files_with(&entry.path(), text),
            false => usize::from(fs::read(entry.path()).unwrap().windows(text.len()).any(|at| at == text.as_bytes())),
        };
    }
    count
}

#[tokio::test]
async fn a_deleted_text_is_in_no_file_after_a_compaction() {
    let fixture = Fixture::new();
    for n in 0..40 {
        fixture.add(json!({"id": format!("m{n}"), "content": format!("Number {n}."), "tags": ["t"]})).await.unwrap();
    }
    for secret in ["xyzzy-plugh", "frobnicate"] {
        fixture.add(json!({"id": secret, "content": format!("The word is {secret}.")})).await.unwrap();
    }
    fixture.update("xyzzy-plugh", json!({"content": "The word is another one."})).await.unwrap();
    fixture.delete("frobnicate").await.unwrap();
    let before = fixture.everything().await;
    assert!(files_with(fixture.path(), "word is frobnicate") > 0);
    for _ in 0..2 {
        let done = fixture.engine.compact().unwrap();
        assert!(done.bytes_before > 0 && done.bytes_after > 0);
        assert_eq!(files_with(fixture.path(), "word is frobnicate"), 0);
    }
    // An earlier version is history, which stays until the memory is deleted.
    assert!(files_with(fixture.path(), "word is xyzzy-plugh") > 0);
    fixture.delete("xyzzy-plugh").await.unwrap();
    fixture.engine.compact().unwrap();
    assert_eq!(files_with(fixture.path(), "word is xyzzy-plugh") + files_with(fixture.path(), "word is another"), 0);
    let fixture = fixture.reopened();
    assert_eq!(files_with(fixture.path(), "word is frobnicate"), 0);
    assert_eq!(fixture.list(json!({})).len(), before["memories"].as_array().unwrap().len() - 1);
    let (directory, ..) = fixture.closed();
    assert!(doctor(directory.path(), false, Timestamp::from_millis(0)).unwrap().healthy);
}

#[tokio::test]
async fn writes_continue_during_a_compaction() {
    let fixture = Fixture::new();
    fixture.engine.compact().unwrap();
    let engine = std::sync::Arc::clone(&fixture.engine);
    let compacting = std::thread::spawn(move || (0..5).for_each(|_| assert!(engine.compact().is_ok())));
    for n in 0..60 {
        fixture.add(json!({"id": format!("m{n}"), "content": format!("Number {n}.")})).await.unwrap();
    }
    compacting.join().unwrap();
    let fixture = fixture.reopened();
    assert_eq!(fixture.list(json!({})).len(), 60);
}

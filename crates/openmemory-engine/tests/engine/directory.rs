//! Which files of others does a store leave alone in its directory, and who may read its own?

use std::fs;
use std::path::Path;

use openmemory_domain::Timestamp;
use openmemory_domain::request::NewMemory;
use openmemory_engine::{Engine, Options, doctor};
use openmemory_rules::contract::Control;
use openmemory_storage::Durability;
use serde_json::json;

use crate::support::{open, options};

/// A store with one memory, closed.
async fn store() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path()).unwrap();
    engine.add(NewMemory::read(json!({"content": "Ada lives in Oslo."})).unwrap()).await.unwrap();
    engine.close().unwrap();
    directory
}

fn write(directory: &Path, file: &str) {
    let path = directory.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "mine").unwrap();
}

#[tokio::test]
async fn opening_and_repairing_remove_only_files_of_the_store() {
    let directory = store().await;
    let foreign = [
        "chapter.new",
        "checkpoint-1.new",
        "doctor-visits/notes.txt",
        "log-00000000000000zz",
        "notes/log.new",
        "repaired.new/draft.txt",
        "room.tmp",
        "sled-dogs/names.txt",
    ];
    let leftovers = ["manifest.new", "log.new", "spare.new", "checkpoint-00000000000000ff.new"];
    for file in foreign.iter().chain(&leftovers) {
        write(directory.path(), file);
    }
    write(directory.path(), "doctor-a1b2c3/.openmemory-scratch");
    drop(open(directory.path()).unwrap());
    drop(open(directory.path()).unwrap());
    fs::write(directory.path().join("sled-0000000000000001/db"), "damaged").unwrap();
    doctor(directory.path(), true, Timestamp::from_millis(1)).unwrap();
    drop(open(directory.path()).unwrap());
    for file in foreign {
        assert_eq!(fs::read_to_string(directory.path().join(file)).unwrap(), "mine", "{file}");
    }
    for file in leftovers.iter().chain(&["doctor-a1b2c3"]) {
        assert!(!directory.path().join(file).exists(), "{file}");
    }
}

#[tokio::test]
async fn a_repair_that_creates_a_new_store_quarantines_only_files_of_the_old_one() {
    let directory = store().await;
    write(directory.path(), "notes.txt");
    fs::remove_file(directory.path().join("manifest")).unwrap();
    fs::write(directory.path().join("log-0000000000000001"), "damaged").unwrap();
    fs::write(directory.path().join("spare"), "").unwrap();
    let repair = doctor(directory.path(), true, Timestamp::from_millis(1)).unwrap().repair.unwrap();
    assert_eq!(repair.memories, 1);
    assert!(repair.kept.unwrap().join("log-0000000000000001").exists());
    assert!(directory.path().join("notes.txt").exists());
    assert_eq!(open(directory.path()).unwrap().stats().unwrap().memories, 1);
}

#[tokio::test]
async fn a_store_is_created_among_other_files_only_if_allowed() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "package.json");
    let refused = open(directory.path()).map(drop).unwrap_err();
    assert_eq!(
        (refused.code().as_str(), refused.field(), refused.retryable()),
        ("INVALID_ARGUMENT", Some("path"), false)
    );
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing was made");
    let allowed = Options { allow_non_empty: true, ..options(directory.path(), Durability::Flush) };
    drop(Engine::open(allowed).unwrap());
    // An existing store is opened, whatever else its directory contains.
    drop(open(directory.path()).unwrap());
}

#[tokio::test]
async fn hidden_files_and_files_of_a_server_or_a_disk_do_not_prevent_creation() {
    let directory = tempfile::tempdir().unwrap();
    for file in [".gitignore", "lost+found/x", "tenants/acme/manifest", "keys.json"] {
        write(directory.path(), file);
    }
    drop(open(directory.path()).unwrap());
}

#[tokio::test]
async fn a_foreign_file_named_lock_is_not_changed() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "lock");
    assert_eq!(open(directory.path()).map(drop).unwrap_err().code().as_str(), "INVALID_ARGUMENT");
    assert_eq!(fs::read_to_string(directory.path().join("lock")).unwrap(), "mine");
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_a_store_or_a_backup() {
    use std::os::unix::fs::PermissionsExt;

    fn check(path: &Path) {
        let found = path.metadata().unwrap();
        assert_eq!(found.permissions().mode() & 0o077, 0, "{}", path.display());
        if found.is_dir() {
            fs::read_dir(path).unwrap().for_each(|entry| check(&entry.unwrap().path()));
        }
    }

    let parent = tempfile::tempdir().unwrap();
    let (directory, backup) = (parent.path().join("a/store"), parent.path().join("b/backup"));
    for _ in 0..2 {
        let engine = open(&directory).unwrap();
        engine.add(NewMemory::read(json!({"content": "Ada lives in Oslo."})).unwrap()).await.unwrap();
        if !backup.exists() {
            engine.backup(&backup, &Control::default()).unwrap();
        }
        engine.close().unwrap();
        drop(engine);
        for path in [&directory, &backup, &parent.path().join("a"), &parent.path().join("b")] {
            check(path);
        }
    }
}

#[tokio::test]
async fn a_kill_during_opening_is_not_reported_as_damage() {
    for killed in [true, false] {
        let directory = store().await;
        // The state after a kill during opening: sled has written to its file, and the manifest still says "closed".
        let sled = sled::Config::new()
            .path(directory.path().join("sled-0000000000000001"))
            .segment_size(2 * 1024 * 1024)
            .open()
            .unwrap();
        drop(sled.insert("x", "y").unwrap().or(sled.remove("x").unwrap()));
        sled.flush().unwrap();
        drop(sled);
        if killed {
            fs::write(directory.path().join("opening"), "").unwrap();
        }
        let found = doctor(directory.path(), false, Timestamp::from_millis(1)).unwrap();
        assert_eq!((found.healthy, found.complete), (killed, true), "{found:?}");
        let engine = open(directory.path()).unwrap();
        let stats = engine.stats().unwrap();
        assert_eq!((stats.repaired.is_none(), stats.memories), (killed, 1), "{:?}", stats.repaired);
        assert!(!directory.path().join("opening").exists());
    }
}

//! Is damage always detected, and does a repair save everything that is intact?

use std::path::Path;

use openmemory_domain::Timestamp;
use openmemory_domain::request::{History, List, NewMemory, Restore, Search, Update};
use openmemory_engine::{Engine, doctor};
use openmemory_rules::Error;
use openmemory_rules::contract::Control;
use openmemory_storage::Diagnosis;
use serde_json::json;

use crate::support::{code, open};

const MEMORIES: usize = 6;

fn look(directory: &Path, repair: bool) -> Result<Diagnosis, Error> {
    doctor(directory, repair, Timestamp::from_millis(1_000))
}

/// Six memories with two versions each.
async fn store() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path()).unwrap();
    for i in 0..MEMORIES {
        let memory = json!({"id": format!("m{i}"), "content": format!("Text {i}."), "tags": ["t"], "user_id": "u"});
        engine.add(NewMemory::read(memory).unwrap()).await.unwrap();
        let update = json!({"id": format!("m{i}"), "patch": {"content": format!("New text {i}.")}});
        engine.update(Update::read(update).unwrap()).await.unwrap();
    }
    engine.close().unwrap();
    drop(engine);
    directory
}

fn ids(engine: &Engine) -> Vec<String> {
    let list = List::read(json!({"filters": {"tags": "t"}, "limit": 1000})).unwrap();
    let mut ids: Vec<String> = engine
        .list(&list, &Control::default())
        .unwrap()
        .memories
        .iter()
        .map(|memory| memory.version.id.to_string())
        .collect();
    ids.sort();
    ids
}

/// Damages a row in sled, and empties the log, so that the row cannot be restored from it.
fn damage_row(directory: &Path, space: u8, nth: usize, damage: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    damage_sled(directory, space, nth, damage);
    std::fs::write(directory.join("log-0000000000000001"), "").unwrap();
}

fn damage_sled(directory: &Path, space: u8, nth: usize, damage: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let sled = directory.join("sled-0000000000000001");
    let sled = sled::Config::new().path(sled).segment_size(2 * 1024 * 1024).open().unwrap();
    let (key, value) = sled.scan_prefix([space]).nth(nth).unwrap().unwrap();
    match damage(&value) {
        Some(value) => sled.insert(key, value).unwrap(),
        None => sled.remove(key).unwrap(),
    };
    sled.flush().unwrap();
}

fn with_a_flipped_bit(row: &[u8]) -> Option<Vec<u8>> {
    let mut row = row.to_vec();
    *row.last_mut().unwrap() ^= 1;
    Some(row)
}

#[tokio::test]
async fn an_intact_store_is_healthy_and_a_check_changes_nothing() {
    let directory = store().await;
    let files = |directory: &Path| {
        let mut names: Vec<_> = directory.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        (names, std::fs::read(directory.join("manifest")).unwrap())
    };
    let before = files(directory.path());
    for repair in [false, true] {
        let found = look(directory.path(), repair).unwrap();
        assert_eq!((found.healthy, found.complete, found.memories, found.versions), (true, true, 6, 12), "{found:?}");
        assert!(found.repair.is_none() && found.rows > 60);
    }
    assert_eq!(files(directory.path()), before);
    assert_eq!(open(directory.path()).unwrap().stats().unwrap().repaired, None);
}

#[tokio::test]
async fn an_open_store_and_a_directory_without_a_store_are_rejected() {
    let directory = store().await;
    let engine = open(directory.path()).unwrap();
    assert_eq!(code(&look(directory.path(), false)), Some("LOCKED"));
    drop(engine);
    let error = look(&directory.path().join("sled-0000000000000001/blobs"), true).unwrap_err();
    assert_eq!((error.code().as_str(), error.field()), ("INVALID_ARGUMENT", Some("path")));
}

#[tokio::test]
async fn damage_that_the_log_covers_is_repaired_in_full() {
    let directory = store().await;
    let db = directory.path().join("sled-0000000000000001/db");
    let mut bytes = std::fs::read(&db).unwrap();
    let middle = bytes.iter().rposition(|byte| *byte != 0).unwrap() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&db, bytes).unwrap();
    let found = look(directory.path(), false).unwrap();
    assert_eq!((found.healthy, found.complete, found.memories), (false, true, 6), "{found:?}");
    assert!(found.problems.iter().any(|problem| problem.problem.contains("sled-0000000000000001/db")), "{found:?}");
    let repair = look(directory.path(), true).unwrap().repair.unwrap();
    assert_eq!((repair.memories, repair.kept, repair.lost.len()), (6, None, 0));
    assert!(look(directory.path(), false).unwrap().healthy);
    let engine = open(directory.path()).unwrap();
    assert_eq!((engine.stats().unwrap().repaired, ids(&engine).len()), (None, 6));
}

#[tokio::test]
async fn a_repair_saves_what_is_intact_quarantines_the_old_files_and_lists_what_is_lost() {
    // The text of a memory's newest or first version, its newest version, and its dynamics: rows of `C` are sorted by
    // number, and those of `N` too, with dynamics, labels and text of each memory.
    for (space, nth) in [(b'C', 2), (b'H', 2), (b'N', 6)] {
        let directory = store().await;
        damage_row(directory.path(), space, nth, with_a_flipped_bit);
        assert_eq!(code(&open(directory.path()).map(drop)), Some("CORRUPTED"));
        let found = look(directory.path(), false).unwrap();
        assert_eq!((found.healthy, found.complete), (false, false));
        let repair = look(directory.path(), true).unwrap().repair.unwrap();
        assert_eq!(repair.lost.len(), 1, "{repair:?}");
        let quarantine = repair.kept.unwrap();
        assert!(quarantine.join("sled-0000000000000001/db").exists() && quarantine.join("manifest").exists());
        let lost = repair.lost[0].id.clone().unwrap();
        let engine = open(directory.path()).unwrap();
        let only_a_version = repair.lost[0].version.is_some();
        assert_eq!(ids(&engine).contains(&lost), only_a_version);
        let memories = 5 + usize::from(only_a_version);
        assert_eq!((ids(&engine).len(), repair.memories), (memories, memories as u64));
        for id in ids(&engine) {
            let history = engine.history(&History::read(json!({ "id": id })).unwrap(), &Control::default()).unwrap();
            assert_eq!(history.len(), if id == lost { 1 } else { 2 });
        }
        let again = json!({"id": "m0", "patch": {"content": "Once more."}});
        let _ = engine.update(Update::read(again).unwrap()).await;
        drop(engine);
        let found = look(directory.path(), false).unwrap();
        assert!(found.problems.iter().all(|problem| problem.id.as_ref() == Some(&lost)), "{found:?}");
    }
}

#[tokio::test]
async fn a_repair_keeps_memories_with_damaged_vectors_and_a_reindex_embeds_them_again() {
    // Vectors of replaced texts, vectors of newest texts, and labels, which the newest version has too.
    for (space, nth) in [(b'R', 0), (b'R', 3), (b'N', 2), (b'N', 5), (b'N', 1), (b'N', 4)] {
        let directory = store().await;
        damage_row(directory.path(), space, nth, with_a_flipped_bit);
        let before = look(directory.path(), false).unwrap();
        assert_eq!((before.healthy, before.complete), (false, false), "{before:?}");
        let repair = look(directory.path(), true).unwrap().repair.unwrap();
        assert_eq!((repair.memories, repair.lost.len()), (6, 0), "{repair:?}");
        assert_eq!(repair.needs_reindex, space == b'N' && nth % 3 == 2);
        assert!(look(directory.path(), false).unwrap().healthy);
        let engine = open(directory.path()).unwrap();
        for id in ids(&engine) {
            let history = History::read(json!({ "id": id })).unwrap();
            assert_eq!(engine.history(&history, &Control::default()).unwrap().len(), 2);
        }
        let search = Search::read(json!({"query": "tea"})).unwrap();
        if repair.needs_reindex {
            assert_eq!(code(&engine.embed_query(&search).await), Some("MODEL_MISMATCH"));
            assert_eq!(engine.reindex(&Control::default()).await.unwrap().reindexed, 1);
        }
        let query = engine.embed_query(&search).await.unwrap();
        assert_eq!(engine.search(&search, &query, &Control::default()).unwrap().len(), 6);
        let restore = |id: String| engine.restore(Restore::read(json!({"id": id, "version": 1})).unwrap());
        for id in ids(&engine) {
            assert_eq!(restore(id).await.unwrap().version.number, 3);
        }
    }
}

#[tokio::test]
async fn a_repair_uses_rows_that_match_the_digest_if_sled_has_lost_one() {
    for (space, nth) in [(b'H', 2), (b'C', 2), (b'R', 2), (b'N', 4), (b'N', 5)] {
        let directory = store().await;
        // A row that sled failed to write, and a log that has lost its end, which is zeros after its records.
        damage_sled(directory.path(), space, nth, |_| None);
        let log = std::fs::OpenOptions::new().write(true).open(directory.path().join("log-0000000000000001")).unwrap();
        log.set_len(log.metadata().unwrap().len() - 1).unwrap();
        assert_eq!(code(&open(directory.path()).map(drop)), Some("CORRUPTED"));
        let repair = look(directory.path(), true).unwrap().repair.unwrap();
        assert_eq!((repair.memories, repair.lost.len()), (6, 0), "{}: {repair:?}", space as char);
        let engine = open(directory.path()).unwrap();
        for id in ids(&engine) {
            let history = History::read(json!({ "id": id })).unwrap();
            assert_eq!(engine.history(&history, &Control::default()).unwrap().len(), 2);
        }
    }
}

#[tokio::test]
async fn an_index_without_one_of_the_memories_is_detected_and_repaired() {
    for (space, nth) in [(b'T', 3), (b'O', 0), (b'U', 5), (b'S', 1), (b'I', 2)] {
        let directory = store().await;
        damage_row(directory.path(), space, nth, |_| None);
        assert_eq!(code(&open(directory.path()).map(drop)), Some("CORRUPTED"));
        let repair = look(directory.path(), true).unwrap().repair.unwrap();
        assert_eq!((repair.memories, repair.lost.len()), (6, 0), "{}", space as char);
        assert_eq!(ids(&open(directory.path()).unwrap()).len(), 6);
        assert!(look(directory.path(), false).unwrap().healthy);
    }
}

#[tokio::test]
async fn a_store_with_missing_files_is_never_treated_as_a_new_one() {
    for missing in [&["manifest", "log-0000000000000001"][..], &["log-0000000000000001", "sled-0000000000000001/db"]] {
        let directory = store().await;
        for file in missing {
            std::fs::remove_file(directory.path().join(file)).unwrap();
        }
        let error = open(directory.path()).map(drop).unwrap_err();
        assert_eq!(error.code().as_str(), "CORRUPTED");
        assert!(missing.iter().any(|file| error.to_string().contains(file)), "{error}");
    }
    for missing in ["manifest", "log-0000000000000001", "sled-0000000000000001/db", "sled-0000000000000001/conf"] {
        let directory = store().await;
        std::fs::remove_file(directory.path().join(missing)).unwrap();
        let engine = open(directory.path()).unwrap();
        assert_eq!(ids(&engine).len(), 6);
        assert!(engine.stats().unwrap().repaired.unwrap().contains(missing), "{missing}");
    }
}

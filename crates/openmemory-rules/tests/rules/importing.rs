use openmemory_domain::export::{ExportedMemory, Line};
use openmemory_domain::request::OnConflict;
use openmemory_domain::{ErrorCode, Sector};
use openmemory_rules::write::import::{Applied, Standing, import, insert_tombstone, standing};
use openmemory_rules::{IndexedText, Number, Rows};

use crate::map_store::{MapStore, at, id, vectors, words};

fn line(line: &str) -> Line {
    Line::read(line.as_bytes()).unwrap()
}

/// A memory with one version per text, newest first.
fn exported(texts: &[&str]) -> Box<ExportedMemory> {
    let version = |(i, text): (usize, &&str)| {
        let number = texts.len() - i;
        let event = if number == 1 { "ADD" } else { "UPDATE" };
        format!(
            r#"{{"version":{number},"event":"{event}","updated_at":"2026-01-0{number}T00:00:00.000Z","classified":["semantic"],"tags":[],"metadata":{{}},"content":"{text}"}}"#
        )
    };
    let versions: Vec<String> = texts.iter().enumerate().map(version).collect();
    let memory = line(&format!(
        r#"{{"id":"one","created_at":"2026-01-01T00:00:00.000Z","immutable":false,"salience":0.5,"salience_at":"2026-01-01T00:00:00.000Z","waypoints":[],"versions":[{}]}}"#,
        versions.join(",")
    ));
    match memory {
        Line::Memory(memory) => memory,
        _ => panic!("no memory"),
    }
}

fn imported(store: &mut MapStore, memory: &ExportedMemory, on_conflict: OnConflict) -> Result<Applied, ErrorCode> {
    let content = &memory.versions[0].content;
    let text =
        IndexedText { content: content.hash(), words: words(content.as_str()), embedding: vectors(Sector::Semantic) };
    import(store, memory, &text, on_conflict, at(0)).map_err(|error| error.code())
}

#[test]
fn an_import_restores_the_whole_history_and_a_second_one_skips_the_memory() {
    let mut store = MapStore::default();
    let memory = exported(&["Ada drinks coffee", "Ada drinks tea"]);
    assert_eq!(standing(&store, &memory).unwrap(), Standing::Absent);
    assert!(matches!(imported(&mut store, &memory, OnConflict::Report), Ok(Applied::Imported(_))));
    let first = store.earlier(Number(0), 1).unwrap().unwrap();
    assert_eq!(store.content(Number(0), first.content).unwrap().as_deref(), Some("Ada drinks tea"));
    assert_eq!(standing(&store, &memory).unwrap(), Standing::Same);
    assert!(matches!(imported(&mut store, &memory, OnConflict::Report), Ok(Applied::Skipped)));
}

#[test]
fn on_conflict_decides_about_a_different_history_under_the_same_id() {
    let mut store = MapStore::default();
    imported(&mut store, &exported(&["Ada drinks tea"]), OnConflict::Report).unwrap();
    let other = exported(&["Ada drinks coffee", "Ada drinks tea"]);
    assert!(matches!(imported(&mut store, &other, OnConflict::Report), Err(ErrorCode::VersionConflict)));
    assert!(matches!(imported(&mut store, &other, OnConflict::Skip), Ok(Applied::Skipped)));
    assert_eq!(store.numbers(), [Number(0)]);
    let replaced = imported(&mut store, &other, OnConflict::Replace);
    assert!(matches!(replaced, Ok(Applied::Replaced { old: Number(0), .. })));
    assert_eq!(store.numbers(), [Number(1)]);
    assert!(store.tombstone(&id("one")).unwrap().is_none());
}

#[test]
fn a_tombstone_is_recorded_only_for_an_unknown_id() {
    let mut store = MapStore::default();
    imported(&mut store, &exported(&["Ada drinks tea"]), OnConflict::Report).unwrap();
    let tombstone = |id: &str| match line(&format!(
        r#"{{"deleted":"{id}","deleted_at":"2026-02-02T10:00:00.000Z","version":3}}"#
    )) {
        Line::Tombstone(tombstone) => tombstone,
        _ => panic!("no tombstone"),
    };
    assert!(!insert_tombstone(&mut store, &tombstone("one")).unwrap());
    assert!(insert_tombstone(&mut store, &tombstone("two")).unwrap());
    assert!(!insert_tombstone(&mut store, &tombstone("two")).unwrap());
}

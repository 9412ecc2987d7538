//! Does an import restore exactly what was exported, and does a failing memory not affect the others?

use std::path::{Path, PathBuf};
use std::time::Duration;

use openmemory_rules::contract::{Control, Imported};
use openmemory_rules::{Error, ImportFile};
use serde_json::json;

use crate::support::{Fixture, UNEMBEDDABLE, code};

fn export(fixture: &Fixture, file: &Path) -> String {
    fixture.export_to(file);
    std::fs::read_to_string(file).unwrap()
}

async fn import(fixture: &Fixture, file: &Path) -> Result<Imported, Error> {
    fixture.import_from(file, "report").await
}

fn export_file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("memories.jsonl");
    (folder, file)
}

/// A store with states that callers cannot create at will: times of a clock that jumps back, links and feedback.
async fn varied() -> Fixture {
    let fixture = Fixture::new();
    for n in 0..150 {
        let scope = (n % 3 > 0).then(|| format!("u{}", n % 3));
        let mut memory = json!({"id": format!("m{n}"), "content": format!("The number {} of {}.", n % 7, n % 5)});
        if let Some(user) = scope {
            memory["user_id"] = user.into();
        }
        fixture.add(memory).await.unwrap();
        fixture.clock.advance(if n % 10 == 9 { -5000 } else { 17 });
    }
    for n in (0..150).step_by(4) {
        let id = format!("m{n}");
        fixture.update(&id, json!({"content": format!("Another {n}."), "metadata": {"n": n}})).await.unwrap();
        fixture.clock.advance(-3);
        fixture.update(&id, json!({"metadata": {"sector": "emotional", "f": 0.1 + f64::from(n)}})).await.unwrap();
        fixture.reinforce(&id).await.unwrap();
        fixture.feedback(&id, "NEGATIVE").await.unwrap();
        fixture.restore(&id, 1).await.unwrap();
    }
    for n in (0..150).step_by(9) {
        fixture.delete(&format!("m{n}")).await.unwrap();
    }
    fixture
}

/// Windows does not even open a directory, and a pipe without a writer never opens.
#[tokio::test]
async fn what_is_no_file_is_refused_before_it_is_opened() {
    let (fixture, folder) = (Fixture::new(), tempfile::tempdir().unwrap());
    let refused = import(&fixture, folder.path()).await.unwrap_err();
    assert_eq!((refused.code().as_str(), refused.field()), ("INVALID_ARGUMENT", Some("file")));
    #[cfg(unix)]
    {
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (answer, answered) = std::sync::mpsc::channel();
        std::thread::spawn(move || answer.send(ImportFile::check(&pipe, &Control::default()).err()));
        let refused = answered.recv_timeout(Duration::from_secs(10)).unwrap().unwrap();
        assert_eq!((refused.code().as_str(), refused.field()), ("INVALID_ARGUMENT", Some("file")));
    }
}

#[tokio::test]
async fn a_round_trip_preserves_every_byte_and_everything_that_readers_see() {
    let (fixture, (_folder, file)) = (varied().await, export_file());
    let first = export(&fixture, &file);
    let other = Fixture::new();
    other.clock.set(fixture_now(&fixture));
    let done = import(&other, &file).await.unwrap();
    assert_eq!((done.imported, done.tombstones, done.failed), (133, 17, 0));
    assert_eq!(export(&other, &file), first);
    assert_eq!(other.everything().await, fixture.everything().await);
    let other = other.reopened();
    assert_eq!(export(&other, &file), first);
}

fn fixture_now(fixture: &Fixture) -> i64 {
    use openmemory_domain::Clock;
    fixture.clock.now().millis()
}

#[tokio::test]
async fn a_failing_text_is_reported_with_its_line_and_the_others_are_imported() {
    let (fixture, (_folder, file)) = (Fixture::new(), export_file());
    fixture.add_many(json!({"items": [{"id": "a", "content": "a"}, {"id": "b", "content": "b"}]})).await.unwrap();
    let text = export(&fixture, &file).replace(r#""content":"a""#, &format!(r#""content":"{UNEMBEDDABLE}""#));
    let lines: Vec<&str> = text.lines().take(3).collect();
    std::fs::write(&file, format!("{}\n{{\"end\":true}}\n", lines.join("\n"))).unwrap();
    let other = Fixture::new();
    let done = import(&other, &file).await.unwrap();
    assert_eq!((done.imported, done.failed), (1, 1));
    let refused = &done.errors[0];
    assert_eq!((refused.line, refused.id.as_str(), refused.error.code().as_str()), (2, "a", "EMBEDDING_FAILED"));
    assert_eq!((code(&other.get("a")), code(&other.get("b"))), (Some("NOT_FOUND"), None));
}

#[tokio::test]
async fn a_repeated_id_in_a_file_is_imported_once() {
    let (fixture, (_folder, file)) = (Fixture::new(), export_file());
    fixture.add(json!({"id": "a", "content": "a"})).await.unwrap();
    let text = export(&fixture, &file);
    let [header, memory] = text.lines().take(2).collect::<Vec<_>>()[..] else { unreachable!("two lines") };
    let another = memory.replace(r#""content":"a""#, r#""content":"b""#);
    std::fs::write(&file, [header, memory, memory, &another, r#"{"end":true}"#].join("\n")).unwrap();
    let other = Fixture::new();
    let done = import(&other, &file).await.unwrap();
    assert_eq!((done.imported, done.skipped, done.failed, done.errors[0].line), (1, 1, 1, 4));
    assert_eq!(other.get("a").unwrap().content, "a");
    assert_eq!(other.engine.stats().unwrap().memories, 1);
}

#[tokio::test]
async fn a_long_history_of_long_texts_is_imported_completely() {
    let (fixture, (_folder, file)) = (Fixture::new(), export_file());
    fixture.add(json!({"id": "long", "content": "x"})).await.unwrap();
    for n in 0..60 {
        fixture.update("long", json!({"content": format!("{n} ").repeat(60_000)})).await.unwrap();
    }
    let text = export(&fixture, &file);
    assert!(text.len() > 8 << 20);
    let other = Fixture::new();
    assert_eq!(import(&other, &file).await.unwrap().imported, 1);
    assert_eq!(export(&other, &file), text);
    assert_eq!(other.restore("long", 31).await.unwrap().content, "29 ".repeat(60_000));
}

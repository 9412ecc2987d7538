//! Does a watcher keep its position if it is slow, or if its filter matches little?
#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::path::Path;

use serde_json::json;

use super::*;
use crate::Options;
use openmemory_domain::request::NewMemory;
use openmemory_embedding::TestEmbedder;
use openmemory_rules::contract::{ChangeKind, Control};

fn open(directory: &Path) -> Engine {
    Engine::open(Options::new(directory, Arc::new(TestEmbedder))).unwrap()
}

async fn add(engine: &Engine, ids: impl IntoIterator<Item = &str>) {
    for id in ids {
        engine.add(NewMemory::read(json!({ "id": id, "content": id })).unwrap()).await.unwrap();
    }
}

fn watch(engine: &Engine, since: Option<&str>) -> Watcher {
    engine.watch(&Watch { filter: None, since: since.map(str::to_owned) }).unwrap()
}

fn next(watcher: &mut Watcher, engine: &Engine) -> Result<Vec<(String, String)>, Error> {
    let changes = watcher.next(engine, &Control::default(), || {})?.unwrap();
    let id = |kind: &ChangeKind| match kind {
        ChangeKind::Stored(memory) => memory.version.id.as_str().to_owned(),
        ChangeKind::Deleted { id, .. } => id.as_str().to_owned(),
    };
    Ok(changes.iter().map(|change| (id(&change.kind), change.cursor.clone())).collect())
}

fn ids(changes: &[(String, String)]) -> Vec<&str> {
    changes.iter().map(|(id, _)| id.as_str()).collect()
}

#[tokio::test]
async fn a_watcher_that_falls_behind_gets_an_error_and_resumes_at_its_last_cursor() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    engine.feed.set_max_changes(3);
    let mut slow = watch(&engine, None);
    add(&engine, ["a", "b", "c"]).await;
    let changes = next(&mut slow, &engine).unwrap();
    assert_eq!(ids(&changes), ["a", "b", "c"]);

    // As many changes as the buffer holds are still returned.
    add(&engine, ["d", "e", "f"]).await;
    let changes = next(&mut slow, &engine).unwrap();
    assert_eq!(ids(&changes), ["d", "e", "f"]);
    let last = changes[2].1.clone();
    assert_eq!(slow.cursor(), last);

    add(&engine, ["g", "h", "i", "j"]).await;
    assert!(matches!(next(&mut slow, &engine), Err(Error::FellBehind)));
    assert_eq!((Error::FellBehind.code().as_str(), Error::FellBehind.retryable()), ("UNAVAILABLE", true));

    let mut again = watch(&engine, Some(&last));
    let changes = next(&mut again, &engine).unwrap();
    // A change of the last minute may be repeated, but none is missing.
    assert!(ids(&changes).ends_with(&["g", "h", "i", "j"]), "{:?}", ids(&changes));
    add(&engine, ["k"]).await;
    assert_eq!(ids(&next(&mut again, &engine).unwrap()), ["k"]);
    engine.close().unwrap();
}

#[tokio::test]
async fn the_cursor_advances_past_changes_that_the_filter_excludes() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    let request = json!({ "filters": { "tags": "none" } });
    let mut watcher = engine.watch(&Watch::read(request).unwrap()).unwrap();
    let other = watch(&engine, None);
    let start = watcher.cursor();
    add(&engine, ["a", "b"]).await;
    assert_eq!(next(&mut watcher, &engine).unwrap(), []);
    assert_ne!(watcher.cursor(), start);
    add(&engine, ["c"]).await;
    assert_eq!(ids(&next(&mut watch(&engine, Some(&watcher.cursor())), &engine).unwrap()), ["c"]);
    drop(other);
    engine.close().unwrap();
}

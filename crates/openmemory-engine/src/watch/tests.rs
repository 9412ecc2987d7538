//! Somebody who is slow, and somebody who hears little: neither loses a place.
#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use openmemory_rules::contract::{ChangeKind, Control};
use std::path::Path;

use serde_json::json;

use super::*;
use crate::Options;
use openmemory_domain::request::NewMemory;
use openmemory_embedding::TestEmbedder;

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
    let told = watcher.next(engine, &Control::default(), || {})?.unwrap();
    let id = |kind: &ChangeKind| match kind {
        ChangeKind::Stored(memory) => memory.version.id.as_str().to_owned(),
        ChangeKind::Deleted { id, .. } => id.as_str().to_owned(),
    };
    Ok(told.iter().map(|change| (id(&change.kind), change.cursor.clone())).collect())
}

fn ids(told: &[(String, String)]) -> Vec<&str> {
    told.iter().map(|(id, _)| id.as_str()).collect()
}

#[tokio::test]
async fn one_who_falls_behind_is_told_so_and_goes_on_with_the_last_cursor() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    engine.feed.keep_at_most(3);
    let mut slow = watch(&engine, None);
    add(&engine, ["a", "b", "c"]).await;
    let told = next(&mut slow, &engine).unwrap();
    assert_eq!(ids(&told), ["a", "b", "c"]);

    // As many as are kept are still told one by one.
    add(&engine, ["d", "e", "f"]).await;
    let told = next(&mut slow, &engine).unwrap();
    assert_eq!(ids(&told), ["d", "e", "f"]);
    let last = told[2].1.clone();
    assert_eq!(slow.cursor(), last);

    add(&engine, ["g", "h", "i", "j"]).await;
    assert!(matches!(next(&mut slow, &engine), Err(Error::FellBehind)));
    assert_eq!((Error::FellBehind.code().as_str(), Error::FellBehind.retryable()), ("UNAVAILABLE", true));

    let mut again = watch(&engine, Some(&last));
    let told = next(&mut again, &engine).unwrap();
    // A change of the last minute may be told again, and none is left out.
    assert!(ids(&told).ends_with(&["g", "h", "i", "j"]), "{:?}", ids(&told));
    add(&engine, ["k"]).await;
    assert_eq!(ids(&next(&mut again, &engine).unwrap()), ["k"]);
    engine.close().unwrap();
}

#[tokio::test]
async fn the_cursor_goes_on_past_what_filters_leave_out() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    let request = json!({ "filters": { "tags": "none" } });
    let mut watcher = engine.watch(&Watch::read(request).unwrap()).unwrap();
    let keeper = watch(&engine, None);
    let begun = watcher.cursor();
    add(&engine, ["a", "b"]).await;
    assert_eq!(next(&mut watcher, &engine).unwrap(), []);
    assert_ne!(watcher.cursor(), begun);
    add(&engine, ["c"]).await;
    assert_eq!(ids(&next(&mut watch(&engine, Some(&watcher.cursor())), &engine).unwrap()), ["c"]);
    drop(keeper);
    engine.close().unwrap();
}

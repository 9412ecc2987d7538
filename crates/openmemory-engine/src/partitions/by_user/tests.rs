//! Is a partition loaded once, with the commits that come meanwhile?
#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::path::Path;
use std::thread;

use openmemory_domain::request::{AddMany, Delete, FeedbackRequest, Restore, Search, Update};
use openmemory_domain::{Clock, Timestamp};
use openmemory_embedding::TestEmbedder;
use openmemory_rules::contract::Control;
use serde_json::{Value, json};

use super::*;
use crate::{Engine, Options};

const MEMORIES: usize = 12;

/// Scores change with time.
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_737_383_700_000)
    }
}

fn open(directory: &Path) -> Engine {
    let options = Options::new(directory, Arc::new(TestEmbedder));
    Engine::open(Options { clock: Arc::new(StoppedClock), ..options }).unwrap()
}

/// A store with memories of one user, and nothing loaded.
async fn filled(directory: &Path) -> Engine {
    let engine = open(directory);
    let item =
        |at| json!({"id": format!("m{at}"), "content": format!("Number {at}."), "user_id": "ada", "run_id": "r"});
    let items: Vec<Value> = (0..MEMORIES).map(item).collect();
    let items = AddMany::read(json!({ "items": items })).unwrap();
    engine.add_many(items, &Control::default()).await.unwrap();
    update(&engine, "m1", json!({"content": "Ada plays the cello."})).await;
    engine.close().unwrap();
    drop(engine);
    open(directory)
}

async fn update(engine: &Engine, id: &str, patch: Value) {
    engine.update(Update::read(json!({"id": id, "patch": patch})).unwrap()).await.unwrap();
}

async fn found(engine: &Engine) -> Value {
    let request = json!({"query": "Number 1. A tag", "limit": 100, "explain": true, "filters": {"user_id": "ada"}});
    let request = Search::read(request).unwrap();
    let vector = engine.embed_query(&request).await.unwrap();
    serde_json::to_value(engine.search(&request, &vector, &Control::default()).unwrap()).unwrap()
}

#[tokio::test]
async fn all_who_want_a_partition_get_the_one_that_is_loaded_with_what_is_committed_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let engine = filled(directory.path()).await;
    let (partitions, ada): (_, User) = (&engine.partitions, Some("ada".into()));
    let model = engine.store.model().unwrap().unwrap();
    let (resident, is_mine) = partitions.claim(&engine.store, &ada).unwrap().unwrap();
    assert!(is_mine);
    let loaded = fill::fill(&engine.store, ada.as_deref(), &model, &AtomicBool::new(false));

    // All of it was read by now.
    engine.restore(Restore::read(json!({"id": "m1", "version": 1})).unwrap()).await.unwrap();
    update(&engine, "m2", json!({"tags": ["a tag"]})).await;
    update(&engine, "m3", json!({"metadata": {"sector": "emotional"}})).await;
    update(&engine, "m4", json!({"expires_at": "2001-01-01"})).await;
    engine.delete(Delete::read(json!({"id": "m5"})).unwrap()).await.unwrap();
    engine.feedback(FeedbackRequest::read(json!({"id": "m6", "feedback": "POSITIVE"})).unwrap()).await.unwrap();
    assert!(!resident.is_ready());
    assert_eq!(partitions.usage().users, 0);

    let same = thread::scope(|threads| {
        let waiting = [(); 3].map(|()| threads.spawn(|| partitions.get_or_load(&engine.store, &ada).unwrap().unwrap()));
        let refresh = fill::refresh;
        resident.finish(loaded, |partition, changed| refresh(&engine.store, Some("ada"), partition, changed)).unwrap();
        waiting.map(|waiting| waiting.join().unwrap())
    });
    assert!(same.iter().all(|other| Arc::ptr_eq(other, &resident)));
    assert_eq!(partitions.usage().memories, MEMORIES - 1);

    let with_commits = found(&engine).await;
    let (again, is_mine) = partitions.claim(&engine.store, &ada).unwrap().unwrap();
    assert!(Arc::ptr_eq(&again, &resident) && !is_mine, "the search has loaded nothing");
    partitions.clear();
    assert_eq!(with_commits, found(&engine).await);
    assert_eq!(with_commits.as_array().unwrap().len(), MEMORIES - 2);
    assert_eq!(with_commits[0]["id"], "m1");
}

#[tokio::test]
async fn calls_that_begin_to_load_together_share_one_partition() {
    let directory = tempfile::tempdir().unwrap();
    let engine = filled(directory.path()).await;
    let (partitions, ada): (_, User) = (&engine.partitions, Some("ada".into()));
    for _ in 0..50 {
        partitions.clear();
        let begin = std::sync::Barrier::new(4);
        let loaded = thread::scope(|threads| {
            let loading = [(); 4].map(|()| {
                threads.spawn(|| {
                    begin.wait();
                    partitions.get_or_load(&engine.store, &ada).unwrap().unwrap()
                })
            });
            loading.map(|loading| loading.join().unwrap())
        });
        assert!(loaded.iter().all(|other| Arc::ptr_eq(other, &loaded[0]) && other.is_ready()));
        assert_eq!(loaded[0].partition().memories(), MEMORIES);
    }
}

#[tokio::test]
async fn after_a_load_that_failed_the_next_call_loads_again() {
    let directory = tempfile::tempdir().unwrap();
    let engine = filled(directory.path()).await;
    let (partitions, ada): (_, User) = (&engine.partitions, Some("ada".into()));
    partitions.stop.store(true, Ordering::Relaxed);
    assert!(matches!(partitions.get_or_load(&engine.store, &ada), Err(Error::Closed)));
    assert!(matches!(partitions.load(&engine.store, [ada.clone()]).await, Err(Error::Closed)));
    partitions.stop.store(false, Ordering::Relaxed);
    partitions.load(&engine.store, [ada.clone()]).await.unwrap();
    assert_eq!(partitions.usage().memories, MEMORIES);
}

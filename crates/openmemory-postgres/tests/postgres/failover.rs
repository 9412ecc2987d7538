//! Is an acknowledged write there when the primary server has died? A synchronous standby takes its place, and clients go on by
//! themselves.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use openmemory_domain::ErrorCode;
use openmemory_domain::request::Get;
use openmemory_rules::contract::MemoryStore;
use parking_lot::Mutex;
use serde_json::json;

use crate::server::Server;
use crate::support::{add, connect, count, stores};

const WRITERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_missing_after_a_failover() {
    let server = Server::start_own();
    let standby = server.standby();
    let primary = connect(&server.url_of("postgres")).await;
    primary.batch_execute("ALTER SYSTEM SET synchronous_standby_names = '*'").await.unwrap();
    primary.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    while count(&primary, "pg_stat_replication", "sync_state = 'sync'").await == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let both = server.url_with(&standby);
    let (one, other) = (stores(&both), stores(&both));
    let tenants = [one.tenant("default").await.unwrap(), other.tenant("default").await.unwrap()];
    let (stop, after, refused) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let (stop, after, refused) = (Arc::new(stop), Arc::new(after), Arc::new(refused));
    let promoted = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let store = tenants[writer % 2].clone();
        let (stop, after, refused) = (Arc::clone(&stop), Arc::clone(&after), Arc::clone(&refused));
        let (promoted, acknowledged) = (Arc::clone(&promoted), Arc::clone(&acknowledged));
        writers.push(tokio::spawn(async move {
            for number in 0.. {
                let id = format!("w{writer}-{number}");
                let memory = json!({ "id": id, "content": format!("memory {id}"), "user_id": format!("u{writer}") });
                loop {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let was_promoted = promoted.load(Ordering::Relaxed);
                    match add(&store, memory.clone()).await {
                        Ok(_) => {
                            after.fetch_add(usize::from(was_promoted), Ordering::Relaxed);
                            break;
                        }
                        // It was committed although its answer was lost.
                        Err(error) if error.code() == ErrorCode::VersionConflict => break,
                        Err(error) => {
                            assert!(error.retryable(), "{error:?}");
                            refused.fetch_add(1, Ordering::Relaxed);
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                }
                acknowledged.lock().insert(id);
            }
        }));
    }
    while acknowledged.lock().len() < 300 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.kill();
    let before = acknowledged.lock().len();
    standby.promote();
    promoted.store(true, Ordering::Relaxed);
    let began = Instant::now();
    while after.load(Ordering::Relaxed) == 0 {
        assert!(began.elapsed() < Duration::from_secs(10), "nobody goes on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let pause = began.elapsed();
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    let acknowledged = std::mem::take(&mut *acknowledged.lock());
    let store = stores(&both).tenant("default").await.unwrap();
    let mut missing = Vec::new();
    for id in &acknowledged {
        if store.get(Get::read(json!({ "id": id })).unwrap()).await.is_err() {
            missing.push(id);
        }
    }
    println!(
        "{} acknowledged, {before} of them before the kill; {} refused; the first write {pause:?} after the promotion",
        acknowledged.len(),
        refused.load(Ordering::Relaxed)
    );
    assert!(missing.is_empty(), "{missing:?} of {}", acknowledged.len());
}

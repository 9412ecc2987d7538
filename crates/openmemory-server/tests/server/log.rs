//! What does the log contain, and what must it never contain?

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};

use openmemory_domain::request::NewMemory;
use openmemory_embedding::TestEmbedder;
use openmemory_engine::{Directory, OpenDirectory, Options, Registry, TenantDirectories};
use openmemory_rules::Error;
use openmemory_rules::contract::Stores;
use openmemory_server::config::Limits;
use openmemory_server::log::{Level, install};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::support::{ANN, Server};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Captures the log of all tests in this binary.
fn capture_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| install(Level::Debug, |line| LINES.lock().push(line.to_owned())));
}

fn lines() -> Vec<Value> {
    LINES.lock().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn lines_of(id: &str) -> Vec<Value> {
    lines().into_iter().filter(|line| line["request_id"] == id).collect()
}

fn id(id: &str) -> String {
    format!("x-request-id: {id}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_logged_with_its_route_status_time_tenant_and_id() {
    capture_log();
    let server = Server::start(Limits::default()).await;
    let answer = server.ask_with("GET", "/memory/nothing?user_id=x", ANN, &id("line-1"), "").await;
    assert_eq!(answer.status, 404);
    assert!(answer.head.contains("x-request-id: line-1"), "{}", answer.head);
    let mut line = lines_of("line-1").pop().unwrap();
    let fields = line.as_object_mut().unwrap();
    assert!(fields.remove("ms").unwrap().is_f64());
    assert!(fields.remove("time").unwrap().as_str().unwrap().ends_with('Z'));
    assert!(fields.remove("key").unwrap().as_str().unwrap() != ANN);
    let expected = json!({
        "level": "info", "message": "request", "method": "GET", "route": "/memory/{id}", "request_id": "line-1",
        "tenant": "ann", "status": 404, "code": "NOT_FOUND",
    });
    assert_eq!(line, expected);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cause_of_an_internal_error_is_logged_and_not_sent() {
    capture_log();
    let server = Server::start(Limits::default()).await;
    // Whole at once: a server that has just started looks for tenants, and would make a store of an empty directory.
    let (made, tenants) = (server.directory.path().join("made"), server.directory.path().join("tenants"));
    std::fs::create_dir_all(&made).unwrap();
    std::fs::create_dir_all(&tenants).unwrap();
    std::fs::write(made.join("manifest"), "damaged").unwrap();
    std::fs::rename(made, tenants.join("ann")).unwrap();
    let answer = server.ask_with("GET", "/stats", ANN, &id("fault-1"), "").await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (500, Some("CORRUPTED")));
    assert!(answer.head.contains("x-request-id: fault-1"), "{}", answer.head);
    assert!(!answer.json()["message"].as_str().unwrap().contains("manifest"));
    let line = lines_of("fault-1").pop().unwrap();
    assert_eq!((line["level"].as_str(), line["code"].as_str()), (Some("error"), Some("CORRUPTED")));
    assert_eq!((line["tenant"].as_str(), line["status"].as_u64()), (Some("ann"), Some(500)));
    assert!(line["error"].as_str().unwrap().contains("manifest"), "{line}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn store_events_carry_the_request_id_and_never_a_text_or_a_key() {
    capture_log();
    let server = Server::start(Limits::default()).await;
    let memory = json!({
        "id": "id-quagga", "content": "text-quagga", "tags": ["tag-quagga"], "metadata": { "name-quagga": "value-quagga" },
        "user_id": "user-quagga",
    });
    for (method, path, name, body) in [
        ("POST", "/memory/add", "story-add", memory),
        ("POST", "/memory/query", "story-query", json!({ "query": "query-quagga", "user_id": "user-quagga" })),
        ("PATCH", "/memory/id-quagga", "story-update", json!({ "content": "later-quagga" })),
        ("PATCH", "/memory/id-quagga", "story-rejected", json!({ "unknown-quagga": true })),
        ("POST", "/memory/batch", "story-batch", json!({ "items": [{ "content": "item-quagga" }, "wrong-quagga"] })),
        ("POST", "/export", "story-export", json!({ "filters": { "user_id": "user-quagga" } })),
        ("POST", "/reindex", "story-reindex", Value::Null),
        ("POST", "/compact", "story-compact", Value::Null),
        ("DELETE", "/memory/id-quagga", "story-delete", Value::Null),
        ("POST", "/memory/add", "story-garbled", json!("garbled-quagga")),
    ] {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        server.ask_with(method, path, ANN, &id(name), &body).await;
    }
    server.status("GET", "/memory/path-quagga?api_key=parameter-quagga", "wrong-key-quagga").await;
    server.close().await;
    for (name, message) in [
        ("story-add", "store opened"),
        ("story-reindex", "reindex ended"),
        ("story-compact", "checkpoint written"),
        ("story-compact", "tree rebuilt"),
        ("story-compact", "store compacted"),
    ] {
        let line = lines_of(name).into_iter().find(|line| line["message"] == message);
        let line = line.unwrap_or_else(|| panic!("{name} has no {message}: {:?}", lines_of(name)));
        assert_eq!((line["level"].as_str(), line["tenant"].as_str()), (Some("debug"), Some("ann")));
    }
    let leaks: Vec<String> =
        LINES.lock().iter().filter(|line| line.contains("quagga") || line.contains(ANN)).cloned().collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// Opens directories, two of which fail to close.
#[derive(Default)]
struct FailingCloser {
    registry: Registry,
    open: AtomicUsize,
}

impl OpenDirectory for FailingCloser {
    fn open(&self, directory: &Path) -> Result<Arc<Directory>, Error> {
        self.open.fetch_add(1, Ordering::SeqCst);
        self.registry.open(Options::new(directory, Arc::new(TestEmbedder)), "test")
    }

    fn release(&self, store: Arc<Directory>) -> Result<(), Error> {
        self.open.fetch_sub(1, Ordering::SeqCst);
        let fails = ["t0", "t2"].iter().any(|name| store.path().ends_with(name));
        self.registry.release(store)?;
        if fails { Err(Error::StoreFailed) } else { Ok(()) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_to_close_is_logged_and_does_not_affect_others() {
    let directory = tempfile::tempdir().unwrap();
    capture_log();
    let opener = Arc::new(FailingCloser::default());
    let tenants = TenantDirectories::new(directory.path().to_owned(), Arc::clone(&opener) as Arc<dyn OpenDirectory>, 3);
    // Five stores are open at once, so that several exceed the limit later.
    let held = [
        tenants.store("t0").await.unwrap(),
        tenants.store("t1").await.unwrap(),
        tenants.store("t2").await.unwrap(),
        tenants.store("t3").await.unwrap(),
        tenants.store("t4").await.unwrap(),
    ];
    drop(held);
    let store = tenants.store("t5").await.unwrap();
    store.add(NewMemory::read(json!({ "content": "x" })).unwrap()).await.unwrap();
    drop(store);
    assert_eq!(opener.open.load(Ordering::SeqCst), 3, "every store over the limit is closed");
    let logged = || -> Vec<String> {
        let closing = lines().into_iter().filter(|line| line["message"] == "closing a store");
        closing.map(|line| line["tenant"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(logged(), ["t0", "t2"]);
    drop(tenants.store("t0").await.unwrap());
    assert!(tenants.close().await.is_err());
    assert_eq!(opener.open.load(Ordering::SeqCst), 0, "the other stores are closed nevertheless");
    assert_eq!(logged(), ["t0", "t2", "t0"]);
}

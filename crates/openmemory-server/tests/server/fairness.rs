//! Can one client, with or without a key, starve others? Clients that neither send nor read hold connections, permits and
//! memory only up to the limits, and one tenant never blocks another.

use openmemory_server::config::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::support::{ANN, BOB, Server, TEST_TIMEOUT, read_response, wait_for_close};

/// Number of memories whose size exceeds the socket buffers of a connection.
const MANY: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn an_unread_response_closes_its_connection() {
    let server = Server::start(Limits { receive_seconds: 1, ..Limits::default() }).await;
    server.fill(ANN, MANY).await;
    wait_for_close(&mut server.send("GET", "/memory/all", ANN, "").await).await;
    wait_for_close(&mut server.send("GET", "/export", ANN, "").await).await;
    // Pipelined requests without a key.
    let mut stream = server.connect().await;
    let docs = "GET /docs HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(200);
    stream.write_all(docs.as_bytes()).await.unwrap();
    wait_for_close(&mut stream).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unread_watch_closes_its_connection() {
    let server = Server::start(Limits { receive_seconds: 1, ..Limits::default() }).await;
    server.fill(ANN, MANY).await;
    wait_for_close(&mut server.send("GET", "/watch?since=2000-01-01", ANN, "").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_watch_stays_open() {
    let server = Server::start(Limits { receive_seconds: 1, ..Limits::default() }).await;
    let mut stream = server.send("GET", "/watch", ANN, "").await;
    let mut text = String::new();
    let mut chunk = [0; 4096];
    let mut until = async |stream: &mut tokio::net::TcpStream, what: &str| {
        while !text.contains(what) {
            let read = stream.read(&mut chunk).await.unwrap();
            assert_ne!(read, 0, "the watch has ended");
            text.push_str(str::from_utf8(&chunk[..read]).unwrap());
        }
    };
    timeout(TEST_TIMEOUT, until(&mut stream, "id:")).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(server.ask("POST", "/memory/add", ANN, r#"{"id":"late","content":"x"}"#).await.status, 200);
    timeout(TEST_TIMEOUT, until(&mut stream, "late")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn unauthenticated_connections_are_evicted_for_new_ones() {
    let server = Server::start(Limits { connections: 8, ..Limits::default() }).await;
    let mut idle = Vec::new();
    for n in 0..24 {
        let mut stream = server.connect().await;
        if n % 2 == 0 {
            let docs = "GET /docs HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(200);
            stream.write_all(docs.as_bytes()).await.unwrap();
        }
        idle.push(stream);
    }
    assert_eq!(server.status("GET", "/health", "").await, 200);
    assert_eq!(server.status("GET", "/stats", ANN).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_one_tenant_do_not_block_others() {
    let server = Server::start(Limits { connections: 8, ..Limits::default() }).await;
    let mut waiting = Vec::new();
    for _ in 0..7 {
        // The body never arrives, so that no connection is idle.
        let mut stream = server.connect().await;
        let head = "POST /memory/add HTTP/1.1\r\nhost: localhost\r\nx-api-key: key-of-tenant-ann\r\ncontent-length: 9\r\n\r\n{";
        stream.write_all(head.as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    let keep = "GET /stats HTTP/1.1\r\nhost: localhost\r\nx-api-key: key-of-tenant-bob\r\n\r\n";
    let mut kept = Vec::new();
    for _ in 0..4 {
        assert_eq!(server.status("GET", "/health", "").await, 200);
        assert_eq!(server.status("GET", "/stats", BOB).await, 200);
        let mut stream = server.connect().await;
        stream.write_all(keep.as_bytes()).await.unwrap();
        kept.push(stream);
    }
    assert_eq!(server.status("POST", "/memory/add", "").await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_wait_for_a_body_hold_no_permit() {
    let server = Server::start(Limits { requests: 2, ..Limits::default() }).await;
    let mut receiving = Vec::new();
    for path in ["/memory/add", "/import", "/memory/batch", "/import"] {
        let mut stream = server.connect().await;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nx-api-key: key-of-tenant-ann\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{{\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        receiving.push(stream);
    }
    for _ in 0..3 {
        assert_eq!(server.status("GET", "/health", "").await, 200);
        assert_eq!(server.status("GET", "/stats", "").await, 401);
        assert_eq!(server.status("GET", "/stats", "wrong").await, 401);
        assert_eq!(server.status("GET", "/stats", BOB).await, 200);
        assert_eq!(server.status("GET", "/ready", ANN).await, 200);
        assert_eq!(server.status("GET", "/stats", ANN).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_below_the_minimum_rate_is_aborted() {
    let server = Server::start(Limits { receive_seconds: 1, ..Limits::default() }).await;
    let mut stream = server.connect().await;
    let head = "POST /import HTTP/1.1\r\nhost: localhost\r\nx-api-key: key-of-tenant-ann\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let drip = async {
        let mut pause = tokio::time::interval(std::time::Duration::from_millis(100));
        while writing.write_all(b"1\r\n \r\n").await.is_ok() {
            pause.tick().await;
        }
    };
    let mut first = [0; 12];
    tokio::select! {
        read = reading.read_exact(&mut first) => { read.unwrap(); }
        () = drip => panic!("closed without a response"),
        () = tokio::time::sleep(TEST_TIMEOUT) => panic!("still open"),
    }
    assert_eq!(&first, b"HTTP/1.1 503");
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_of_one_tenant_do_not_block_others() {
    let server = Server::start(Limits::default()).await;
    let mut receiving = Vec::new();
    for _ in 0..20 {
        let mut stream = server.connect().await;
        let head =
            "POST /import HTTP/1.1\r\nhost: localhost\r\nx-api-key: key-of-tenant-ann\r\ncontent-length: 99\r\n\r\n{";
        stream.write_all(head.as_bytes()).await.unwrap();
        receiving.push(stream);
    }
    let lines = "{\"format\":\"openmemory-export\",\"format_version\":1}\n{\"end\":true}\n";
    assert_eq!(server.ask("POST", "/import", BOB, lines).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_of_one_tenant_do_not_block_others() {
    let server = Server::start(Limits { exports: 2, ..Limits::default() }).await;
    server.fill(ANN, MANY).await;
    let mut unread = Vec::new();
    for _ in 0..4 {
        unread.push(server.send("GET", "/export", ANN, "").await);
    }
    assert_eq!(server.status("GET", "/stats", ANN).await, 200);
    let exported = server.ask("GET", "/export", BOB, "").await;
    assert!(String::from_utf8(exported.body).unwrap().contains("{\"end\":true"));
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_of_one_tenant_do_not_block_others() {
    let server = Server::start(Limits { watches: 4, ..Limits::default() }).await;
    let mut watching = Vec::new();
    let mut statuses = Vec::new();
    for key in [ANN, ANN, ANN, ANN, BOB, BOB, BOB] {
        let mut stream = server.send("GET", "/watch", key, "").await;
        let mut first = [0; 12];
        timeout(TEST_TIMEOUT, stream.read_exact(&mut first)).await.unwrap().unwrap();
        statuses.push(str::from_utf8(&first[9..]).unwrap().to_owned());
        watching.push(stream);
    }
    assert_eq!(statuses, ["200", "200", "503", "503", "200", "200", "503"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_with_too_many_values_is_rejected() {
    let server = Server::start(Limits::default()).await;
    for (value, path) in [("0,", "/memory/batch"), ("[],", "/v1/memories"), ("{\"\":0},", "/memory/list")] {
        let bytes = if path == "/memory/list" { 4 << 20 } else { 63 << 20 };
        let body = format!("[{}0]", value.repeat(bytes / value.len() - 1));
        let rejected = server.ask("POST", path, ANN, &body).await;
        assert_eq!(
            (rejected.status, rejected.json()["code"].as_str()),
            (413, Some("LIMIT_EXCEEDED")),
            "{value} {path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_batch_with_rich_metadata_is_accepted() {
    let server = Server::start(Limits::default()).await;
    let numbers: Vec<f64> = (0..768).map(|n| f64::from(n) / 7.0).collect();
    let item = serde_json::json!({ "content": "x", "tags": ["a", "b"], "metadata": { "vector": numbers } });
    let body = serde_json::json!({ "items": vec![item; 1000] }).to_string();
    let added = server.ask("POST", "/memory/batch", ANN, &body).await;
    assert_eq!(added.status, 200);
    assert_eq!(added.json()["results"].as_array().unwrap().len(), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_line_longer_than_a_memory_can_be_is_rejected() {
    let server = Server::start(Limits::default()).await;
    let header = "{\"format\":\"openmemory-export\",\"format_version\":1}\n";
    for value in ["0,", "[],", "{\"\":0},"] {
        let many = value.repeat((40 << 20) / value.len());
        for field in ["versions", "waypoints", "feedback_reason"] {
            let lines = format!("{header}{{\"id\":\"a\",\"created_at\":\"2024-01-01\",\"{field}\":[{many}0]}}\n");
            let rejected = server.ask("POST", "/import", ANN, &lines).await;
            assert!([400, 413].contains(&rejected.status), "{value} {field}: {}", rejected.status);
        }
    }
    let long = format!("{header}{{\"id\":\"a\",\"feedback_reason\":\"{}\"}}\n", "x".repeat(70 << 20));
    assert_eq!(server.ask("POST", "/import", ANN, &long).await.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_of_other_tenants_do_not_evict_a_stored_response() {
    let server = Server::start(Limits::default()).await;
    let add = async || {
        let body = r#"{"content":"once"}"#;
        server.ask_with("POST", "/memory/add", ANN, "idempotency-key: K1\r\n", body).await.json()["id"].clone()
    };
    let first = add().await;
    let mut stream = server.connect().await;
    // A batch deletion of an unknown id succeeds, so its response is stored, but it changes nothing.
    let writes = (0..10_001).fold(String::new(), |all, n| {
        let head =
            "POST /memory/delete HTTP/1.1\r\nhost: localhost\r\nx-api-key: key-of-tenant-bob\r\ncontent-length: 14\r\n";
        format!("{all}{head}idempotency-key: {n}\r\n\r\n{{\"ids\":[\"nil\"]}}").replace("length: 14", "length: 15")
    });
    let (mut reading, mut writing) = stream.split();
    let sending = async {
        writing.write_all(writes.as_bytes()).await.unwrap();
        writing.shutdown().await.unwrap();
    };
    let counting = async {
        let (mut bytes, mut chunk) = (Vec::new(), vec![0; 64 << 10]);
        while let Ok(read @ 1..) = reading.read(&mut chunk).await {
            bytes.extend_from_slice(&chunk[..read]);
        }
        String::from_utf8(bytes).unwrap().matches("HTTP/1.1 200").count()
    };
    let (answered, ()) = tokio::join!(counting, sending);
    assert!(answered >= 10_000, "{answered}");
    assert_eq!(add().await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_write_can_be_corrected_under_the_same_key() {
    let server = Server::start(Limits::default()).await;
    let add = async |body| server.ask_with("POST", "/memory/add", ANN, "idempotency-key: K1\r\n", body).await;
    assert_eq!(add(r#"{"content":""}"#).await.status, 400);
    let first = add(r#"{"content":"x"}"#).await;
    assert_eq!(first.status, 200);
    let replayed = add(r#"{"content":"x"}"#).await;
    assert!(replayed.head.contains("idempotent-replayed: true"));
    assert_eq!(replayed.json(), first.json());
    assert_eq!(add(r#"{"content":"y"}"#).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_does_not_wait_for_clients_that_do_not_read() {
    let server = Server::start(Limits { receive_seconds: 1, ..Limits::default() }).await;
    server.fill(ANN, MANY).await;
    let mut unread = server.send("GET", "/memory/all", ANN, "").await;
    // The request is in progress once the server asks for its body.
    let body = r#"{"content":"x"}"#;
    let head =
        format!("POST /memory/add HTTP/1.1\r\nhost: localhost\r\nx-api-key: {ANN}\r\ncontent-length: {}", body.len());
    let mut stream = server.connect().await;
    stream.write_all(format!("{head}\r\nexpect: 100-continue\r\n\r\n").as_bytes()).await.unwrap();
    let mut interim = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut interim).await.unwrap();
    let answered = async {
        stream.write_all(body.as_bytes()).await.unwrap();
        read_response(&mut stream).await.status
    };
    let (closed, status) = tokio::join!(timeout(TEST_TIMEOUT, server.close()), answered);
    closed.expect("the server is still open");
    assert_eq!(status, 200);
    wait_for_close(&mut unread).await;
}

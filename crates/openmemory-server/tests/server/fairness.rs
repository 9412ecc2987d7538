//! Does one client, with a key or without, take what others need? Clients that send or read nothing keep no connection,
//! no place and no memory for longer than the limits say, and those of one tenant stop no other tenant.

use openmemory_server::config::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::support::{ANN, BOB, SOON, Server, answer, ended};

/// More than the sockets of a connection hold.
const LARGE: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_read_ends_with_its_connection() {
    let server = Server::start(Limits { receive_seconds: 1, ..Limits::default() }).await;
    server.fill(ANN, LARGE).await;
    ended(&mut server.send("GET", "/memory/all", ANN, "").await).await;
    ended(&mut server.send("GET", "/export", ANN, "").await).await;
    // Without a key, one request after the other in the same packet.
    let mut stream = server.connect().await;
    let docs = "GET /docs HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(200);
    stream.write_all(docs.as_bytes()).await.unwrap();
    ended(&mut stream).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_is_not_read_ends_with_its_connection() {
    let server = Server::start(Limits { receive_seconds: 1, ..Limits::default() }).await;
    server.fill(ANN, LARGE).await;
    ended(&mut server.send("GET", "/watch?since=2000-01-01", ANN, "").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_has_nothing_to_say_goes_on() {
    let server = Server::start(Limits { receive_seconds: 1, ..Limits::default() }).await;
    let mut stream = server.send("GET", "/watch", ANN, "").await;
    let mut text = String::new();
    let mut piece = [0; 4096];
    let mut until = async |stream: &mut tokio::net::TcpStream, what: &str| {
        while !text.contains(what) {
            let read = stream.read(&mut piece).await.unwrap();
            assert_ne!(read, 0, "the watch has ended");
            text.push_str(str::from_utf8(&piece[..read]).unwrap());
        }
    };
    timeout(SOON, until(&mut stream, "id:")).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(server.ask("POST", "/memory/add", ANN, r#"{"id":"late","content":"x"}"#).await.status, 200);
    timeout(SOON, until(&mut stream, "late")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_show_no_key_make_room_for_new_ones() {
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
async fn connections_of_one_tenant_leave_room_for_others() {
    let server = Server::start(Limits { connections: 8, ..Limits::default() }).await;
    let mut waiting = Vec::new();
    for _ in 0..7 {
        // A body that does not come, so that none of them is idle.
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
async fn requests_that_wait_for_a_body_take_no_place() {
    let server = Server::start(Limits { requests: 2, ..Limits::default() }).await;
    let mut dripping = Vec::new();
    for path in ["/memory/add", "/import", "/memory/batch", "/import"] {
        let mut stream = server.connect().await;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nx-api-key: key-of-tenant-ann\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{{\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        dripping.push(stream);
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
async fn an_import_that_drips_is_given_up() {
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
        () = drip => panic!("ended without an answer"),
        () = tokio::time::sleep(SOON) => panic!("still open"),
    }
    assert_eq!(&first, b"HTTP/1.1 503");
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_of_one_tenant_leave_places_for_others() {
    let server = Server::start(Limits::default()).await;
    let mut dripping = Vec::new();
    for _ in 0..20 {
        let mut stream = server.connect().await;
        let head =
            "POST /import HTTP/1.1\r\nhost: localhost\r\nx-api-key: key-of-tenant-ann\r\ncontent-length: 99\r\n\r\n{";
        stream.write_all(head.as_bytes()).await.unwrap();
        dripping.push(stream);
    }
    let lines = "{\"format\":\"openmemory-export\",\"format_version\":1}\n{\"end\":true}\n";
    assert_eq!(server.ask("POST", "/import", BOB, lines).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_of_one_tenant_leave_places_for_others() {
    let server = Server::start(Limits { exports: 2, ..Limits::default() }).await;
    server.fill(ANN, LARGE).await;
    let mut unread = Vec::new();
    for _ in 0..4 {
        unread.push(server.send("GET", "/export", ANN, "").await);
    }
    assert_eq!(server.status("GET", "/stats", ANN).await, 200);
    let exported = server.ask("GET", "/export", BOB, "").await;
    assert!(String::from_utf8(exported.body).unwrap().contains("{\"end\":true"));
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_of_one_tenant_leave_places_for_others() {
    let server = Server::start(Limits { watches: 4, ..Limits::default() }).await;
    let mut watching = Vec::new();
    let mut statuses = Vec::new();
    for key in [ANN, ANN, ANN, ANN, BOB, BOB, BOB] {
        let mut stream = server.send("GET", "/watch", key, "").await;
        let mut first = [0; 12];
        timeout(SOON, stream.read_exact(&mut first)).await.unwrap().unwrap();
        statuses.push(str::from_utf8(&first[9..]).unwrap().to_owned());
        watching.push(stream);
    }
    assert_eq!(statuses, ["200", "200", "503", "503", "200", "200", "503"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_countless_values_is_refused_for_its_size() {
    let server = Server::start(Limits::default()).await;
    for (piece, path) in [("0,", "/memory/batch"), ("[],", "/v1/memories"), ("{\"\":0},", "/memory/list")] {
        let most = if path == "/memory/list" { 4 << 20 } else { 63 << 20 };
        let body = format!("[{}0]", piece.repeat(most / piece.len() - 1));
        let refused = server.ask("POST", path, ANN, &body).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (413, Some("LIMIT_EXCEEDED")), "{piece} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_batch_of_the_richest_metadata_is_taken() {
    let server = Server::start(Limits::default()).await;
    let numbers: Vec<f64> = (0..768).map(|n| f64::from(n) / 7.0).collect();
    let item = serde_json::json!({ "content": "x", "tags": ["a", "b"], "metadata": { "vector": numbers } });
    let body = serde_json::json!({ "items": vec![item; 1000] }).to_string();
    let added = server.ask("POST", "/memory/batch", ANN, &body).await;
    assert_eq!(added.status, 200);
    assert_eq!(added.json()["results"].as_array().unwrap().len(), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_an_import_is_no_longer_than_a_memory_can_be() {
    let server = Server::start(Limits::default()).await;
    let header = "{\"format\":\"openmemory-export\",\"format_version\":1}\n";
    for value in ["0,", "[],", "{\"\":0},"] {
        let many = value.repeat((40 << 20) / value.len());
        for field in ["versions", "waypoints", "feedback_reason"] {
            let lines = format!("{header}{{\"id\":\"a\",\"created_at\":\"2024-01-01\",\"{field}\":[{many}0]}}\n");
            let refused = server.ask("POST", "/import", ANN, &lines).await;
            assert!([400, 413].contains(&refused.status), "{value} {field}: {}", refused.status);
        }
    }
    let long = format!("{header}{{\"id\":\"a\",\"feedback_reason\":\"{}\"}}\n", "x".repeat(70 << 20));
    assert_eq!(server.ask("POST", "/import", ANN, &long).await.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_answer_stays_whatever_other_tenants_write() {
    let server = Server::start(Limits::default()).await;
    let add = async || {
        let body = r#"{"content":"once"}"#;
        server.ask_with("POST", "/memory/add", ANN, "idempotency-key: K1\r\n", body).await.json()["id"].clone()
    };
    let first = add().await;
    let mut stream = server.connect().await;
    // Taken, and so kept: reinforcing would change the store 10 001 times.
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
        let (mut bytes, mut piece) = (Vec::new(), vec![0; 64 << 10]);
        while let Ok(read @ 1..) = reading.read(&mut piece).await {
            bytes.extend_from_slice(&piece[..read]);
        }
        String::from_utf8(bytes).unwrap().matches("HTTP/1.1 200").count()
    };
    let (answered, ()) = tokio::join!(counting, sending);
    assert!(answered >= 10_000, "{answered}");
    assert_eq!(add().await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_was_refused_may_be_mended_under_the_same_key() {
    let server = Server::start(Limits::default()).await;
    let add = async |body| server.ask_with("POST", "/memory/add", ANN, "idempotency-key: K1\r\n", body).await;
    assert_eq!(add(r#"{"content":""}"#).await.status, 400);
    let done = add(r#"{"content":"x"}"#).await;
    assert_eq!(done.status, 200);
    let again = add(r#"{"content":"x"}"#).await;
    assert!(again.head.contains("idempotent-replayed: true"));
    assert_eq!(again.json(), done.json());
    assert_eq!(add(r#"{"content":"y"}"#).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_waits_for_no_client_that_does_not_read() {
    let server = Server::start(Limits { receive_seconds: 1, ..Limits::default() }).await;
    server.fill(ANN, LARGE).await;
    let mut unread = server.send("GET", "/memory/all", ANN, "").await;
    // Once the server asks for its body, a request is under way.
    let body = r#"{"content":"x"}"#;
    let head =
        format!("POST /memory/add HTTP/1.1\r\nhost: localhost\r\nx-api-key: {ANN}\r\ncontent-length: {}", body.len());
    let mut stream = server.connect().await;
    stream.write_all(format!("{head}\r\nexpect: 100-continue\r\n\r\n").as_bytes()).await.unwrap();
    let mut asked = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut asked).await.unwrap();
    let answered = async {
        stream.write_all(body.as_bytes()).await.unwrap();
        answer(&mut stream).await.status
    };
    let (closed, status) = tokio::join!(timeout(SOON, server.close()), answered);
    closed.expect("the server is still open");
    assert_eq!(status, 200);
    ended(&mut unread).await;
}

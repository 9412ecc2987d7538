//! How does a test control every byte of a connection? With plain sockets, since these tests depend on what a client does
//! not send or read.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use openmemory_embedding::TestEmbedder;
use openmemory_engine::{Directory, OpenDirectory, Options, Registry, TenantDirectories};
use openmemory_rules::Error;
use openmemory_server::config::{Config, Limits};
use openmemory_server::server::ServerHandle;
use openmemory_storage::Durability;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Longer than any step of a test takes, and shorter than the default limits of the server.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(8);

#[derive(Default)]
struct Opener(Registry);

impl OpenDirectory for Opener {
    fn open(&self, directory: &Path) -> Result<Arc<Directory>, Error> {
        let options = Options { durability: Durability::Interval, ..Options::new(directory, Arc::new(TestEmbedder)) };
        self.0.open(options, "test")
    }

    fn release(&self, store: Arc<Directory>) -> Result<(), Error> {
        self.0.release(store)
    }
}

/// The keys of two tenants.
pub const ANN: &str = "key-of-tenant-ann";
pub const BOB: &str = "key-of-tenant-bob";

/// A server with the tenants `ann` and `bob`.
pub struct Server {
    handle: ServerHandle,
    pub directory: TempDir,
}

pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Response {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Server {
    pub async fn start(limits: Limits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = Config {
            directory: directory.path().to_owned(),
            host: "127.0.0.1".into(),
            port: 0,
            keys: vec![format!("ann={ANN}"), format!("bob={BOB}")],
            metrics_key: None,
            key_file: directory.path().join("keys.json"),
            backup_dir: None,
            limits,
            log: true,
            ui: None,
            mcp: None,
            facade: None,
            webhooks: None,
        };
        let stores = TenantDirectories::new(directory.path().to_owned(), Arc::new(Opener::default()), 32);
        let handle = ServerHandle::start(config, Arc::new(stores)).await.unwrap();
        Self { handle, directory }
    }

    /// A connection with a small receive buffer, so that unread responses soon block the server.
    pub async fn connect(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 << 10).unwrap();
        timeout(TEST_TIMEOUT, socket.connect(self.handle.address)).await.expect("no connection").unwrap()
    }

    /// Sends a request without reading the response.
    pub async fn send(&self, method: &str, path: &str, key: &str, body: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(&request(method, path, key, "", body)).await.unwrap();
        stream
    }

    /// Sends a request and reads the response, which must arrive within the test timeout.
    pub async fn ask(&self, method: &str, path: &str, key: &str, body: &str) -> Response {
        self.ask_with(method, path, key, "", body).await
    }

    pub async fn ask_with(&self, method: &str, path: &str, key: &str, headers: &str, body: &str) -> Response {
        let exchange = async {
            let mut stream = self.connect().await;
            let headers = format!("{headers}connection: close\r\n");
            stream.write_all(&request(method, path, key, &headers, body)).await.unwrap();
            read_response(&mut stream).await
        };
        timeout(TEST_TIMEOUT, exchange).await.unwrap_or_else(|_| panic!("{method} {path} with {key:?} got no response"))
    }

    pub async fn status(&self, method: &str, path: &str, key: &str) -> u16 {
        self.ask(method, path, key, "").await.status
    }

    /// Adds `count` memories of about 200 KB.
    pub async fn fill(&self, key: &str, count: usize) {
        for n in 0..count {
            let body = serde_json::json!({ "content": format!("{n} {}", "long ".repeat(39_000)) }).to_string();
            assert_eq!(self.ask("POST", "/memory/add", key, &body).await.status, 200);
        }
    }

    pub async fn close(&self) {
        self.handle.close().await.unwrap();
    }
}

fn request(method: &str, path: &str, key: &str, headers: &str, body: &str) -> Vec<u8> {
    let key = if key.is_empty() { String::new() } else { format!("x-api-key: {key}\r\n") };
    let length = if method == "GET" { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{key}{length}{headers}\r\n{body}").into_bytes()
}

/// Reads a response until the connection ends.
pub async fn read_response(stream: &mut TcpStream) -> Response {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    while let Ok(read @ 1..) = stream.read(&mut chunk).await {
        bytes.extend_from_slice(&chunk[..read]);
    }
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a response without a head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Response { status, head, body: bytes[end + 4..].to_vec() }
}

/// Waits until the server has closed a connection, without reading from it.
pub async fn wait_for_close(stream: &mut TcpStream) {
    let sending = async {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        while stream.write_all(b" ").await.is_ok() {
            pause.tick().await;
        }
    };
    timeout(TEST_TIMEOUT, sending).await.expect("the connection is still open");
}

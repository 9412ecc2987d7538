//! How does a test ask a server byte by byte? Over plain sockets: what matters here is what a client does not send or
//! does not read.

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

/// Longer than anything here takes, and shorter than the limits that would end it by themselves.
pub const SOON: Duration = Duration::from_secs(8);

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
    running: ServerHandle,
    pub directory: TempDir,
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
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
        };
        let stores = TenantDirectories::new(directory.path().to_owned(), Arc::new(Opener::default()), 32);
        let running = ServerHandle::start(config, Arc::new(stores)).await.unwrap();
        Self { running, directory }
    }

    /// A connection whose answers pile up early when they are not read.
    pub async fn connect(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 << 10).unwrap();
        timeout(SOON, socket.connect(self.running.address)).await.expect("no connection").unwrap()
    }

    /// Sends a request, and reads nothing.
    pub async fn send(&self, method: &str, path: &str, key: &str, body: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(&request(method, path, key, "", body)).await.unwrap();
        stream
    }

    /// Sends a request, and reads its answer, which has to come soon.
    pub async fn ask(&self, method: &str, path: &str, key: &str, body: &str) -> Answer {
        self.ask_with(method, path, key, "", body).await
    }

    pub async fn ask_with(&self, method: &str, path: &str, key: &str, headers: &str, body: &str) -> Answer {
        let asking = async {
            let mut stream = self.connect().await;
            let headers = format!("{headers}connection: close\r\n");
            stream.write_all(&request(method, path, key, &headers, body)).await.unwrap();
            answer(&mut stream).await
        };
        timeout(SOON, asking).await.unwrap_or_else(|_| panic!("{method} {path} of {key:?} has no answer"))
    }

    pub async fn status(&self, method: &str, path: &str, key: &str) -> u16 {
        self.ask(method, path, key, "").await.status
    }

    /// Memories of about `count` times 200 KB.
    pub async fn fill(&self, key: &str, count: usize) {
        for n in 0..count {
            let body = serde_json::json!({ "content": format!("{n} {}", "long ".repeat(39_000)) }).to_string();
            assert_eq!(self.ask("POST", "/memory/add", key, &body).await.status, 200);
        }
    }

    pub async fn close(&self) {
        self.running.close().await.unwrap();
    }
}

fn request(method: &str, path: &str, key: &str, headers: &str, body: &str) -> Vec<u8> {
    let key = if key.is_empty() { String::new() } else { format!("x-api-key: {key}\r\n") };
    let length = if method == "GET" { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{key}{length}{headers}\r\n{body}").into_bytes()
}

/// What comes until the connection ends.
pub async fn answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut piece = vec![0; 64 << 10];
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        bytes.extend_from_slice(&piece[..read]);
    }
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer without a head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: bytes[end + 4..].to_vec() }
}

/// Waits until the server has ended a connection, without reading from it.
pub async fn ended(stream: &mut TcpStream) {
    let sending = async {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        while stream.write_all(b" ").await.is_ok() {
            pause.tick().await;
        }
    };
    timeout(SOON, sending).await.expect("the connection is still open");
}

//! How does a process with a server handle a fault? Its clients retry until they are served, and nobody restarts it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use openmemory_engine::{Directory, OpenDirectory, Options, Registry, TenantDirectories};
use openmemory_rules::Error;
use openmemory_server::config::{Config, Limits};
use openmemory_server::server::ServerHandle;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::faulty::BOUNDS;
use crate::life::{End, Host, TRIES, Writers, live};
use crate::session::{check, options, say};
use crate::writer::{Step, Writer};

/// The pause between retries of a client, and their number. Together they take longer than opening waits for a hanging
/// sled.
const PAUSE: Duration = Duration::from_millis(20);
const MAX_REQUESTS: usize = 3000;

/// `served STORE SEED`
pub fn run(arguments: &[String]) -> ExitCode {
    let [store, seed] = arguments else { return ExitCode::from(2) };
    let Ok(seed) = seed.parse() else { return ExitCode::from(2) };
    live(life(store.into(), Writers::new(seed)))
}

async fn life(store: PathBuf, mut writers: Writers) -> Result<(), End> {
    for backup in ["backup0", "backup1"] {
        let mut service = Service::start(&store).await.map_err(End::Problem)?;
        writers.write(&mut service).await?;
        service.back_up(backup).await.map_err(End::Problem)?;
        writers.write(&mut service).await?;
        let _ = service.running.close().await;
    }
    let mut service = Service::start(&store).await.map_err(End::Problem)?;
    writers.write(&mut service).await
}

#[derive(Default)]
struct Opener(Registry);

impl OpenDirectory for Opener {
    fn open(&self, directory: &Path) -> Result<Arc<Directory>, Error> {
        self.0.open(Options { bounds: BOUNDS, ..options(directory, 0) }, "test")
    }

    fn release(&self, store: Arc<Directory>) -> Result<(), Error> {
        self.0.release(store)
    }
}

struct Service {
    running: ServerHandle,
    opener: Arc<Opener>,
    store: PathBuf,
}

impl Host for Service {
    async fn take(&mut self, step: Step) -> Result<(), String> {
        let rejects_an_item = matches!(step, Step::AddNothing(_));
        let (method, path, body) = step.request();
        match self.request(method, &path, &body).await? {
            // A batch reports the result of each item.
            (200, answer) if answer.contains("\"ok\":false") == rejects_an_item => Ok(()),
            (status, answer) => Err(format!("{status} {answer}")),
        }
    }

    async fn found(&mut self, seed: u64, steps: &[u64]) -> Result<Vec<Writer>, String> {
        let mut problem = "the server does not get ready".to_owned();
        for _ in 0..MAX_REQUESTS {
            if matches!(self.request("GET", "/ready", &Value::Null).await, Ok((200, _))) {
                match self.check(seed, steps).await {
                    Ok(found) => return Ok(found),
                    // Calls may still be failing. Lost data would stay lost.
                    Err(found) => problem = found,
                }
            }
            sleep(PAUSE).await;
        }
        Err(problem)
    }
}

impl Service {
    async fn start(store: &Path) -> Result<Self, String> {
        let mut problem = String::new();
        for _ in 0..TRIES {
            let opener = Arc::new(Opener::default());
            let stores = TenantDirectories::new(store.to_owned(), Arc::clone(&opener) as _, 32);
            let config = Config {
                directory: store.to_owned(),
                host: "127.0.0.1".into(),
                port: 0,
                keys: vec![],
                metrics_key: None,
                key_file: store.join("keys.json"),
                backup_dir: store.parent().map(Path::to_owned),
                limits: Limits::default(),
                log: false,
                ui: None,
                mcp: None,
                facade: None,
                webhooks: None,
            };
            match ServerHandle::start(config, Arc::new(stores)).await {
                Ok(running) => return Ok(Self { running, opener, store: store.to_owned() }),
                Err(error) => problem = error.to_string(),
            }
        }
        Err(format!("the server does not start: {problem}"))
    }

    /// Checks the server's engine, which is shared with everybody who opens its directory.
    async fn check(&self, seed: u64, steps: &[u64]) -> Result<Vec<Writer>, String> {
        let directory = self.opener.open(&self.store).map_err(|error| error.to_string())?;
        let engine = directory.engine().await.map_err(|error| error.to_string());
        let found = engine.and_then(|engine| check(&engine, seed, steps));
        self.opener.release(directory).map_err(|error| error.to_string())?;
        found
    }

    async fn back_up(&self, name: &str) -> Result<(), String> {
        match self.request("POST", "/backup", &json!({ "name": name })).await? {
            (200, _) => say(&format!("backup default/{name}")),
            (status, answer) => say(&format!("refused {status} {answer}")),
        }
        Ok(())
    }

    async fn request(&self, method: &str, path: &str, body: &Value) -> Result<(u16, String), String> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let exchange = async {
            let mut stream = TcpStream::connect(self.running.address).await?;
            stream.write_all(format!("{head}{body}").as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        let answer = exchange.await.map_err(|error| format!("no answer: {error}"))?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Ok((status.ok_or("an answer without a status")?, body.to_owned()))
    }
}

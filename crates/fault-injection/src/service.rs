//! How does a trial run a server and talk to it? On loopback, in its own process, one connection per request.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use openmemory_engine::{Directory, Engine, OpenDirectory, Options, Registry, TenantDirectories};
use openmemory_learning::LanguageModel;
use openmemory_rules::Error;
use openmemory_server::config::{Config, Limits};
use openmemory_server::server::ServerHandle;
use openmemory_storage::Durability;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::faulty::BOUNDS;
use crate::life::TRIES;
use crate::session::options;

/// How the store of a server is opened.
#[derive(Clone)]
pub struct Setup {
    pub durability: Durability,
    pub language_model: Option<Arc<dyn LanguageModel>>,
}

struct Opener {
    registry: Registry,
    setup: Setup,
}

impl OpenDirectory for Opener {
    fn open(&self, directory: &Path) -> Result<Arc<Directory>, Error> {
        let durability = self.setup.durability;
        self.registry.open(Options { bounds: BOUNDS, durability, ..options(directory, 0) }, "test")
    }

    fn release(&self, store: Arc<Directory>) -> Result<(), Error> {
        self.registry.release(store)
    }

    fn language_model(&self, _tenant: &str) -> Option<Arc<dyn LanguageModel>> {
        self.setup.language_model.clone()
    }
}

pub struct Service {
    running: ServerHandle,
    opener: Arc<Opener>,
    store: PathBuf,
}

impl Service {
    pub async fn start(store: &Path, setup: &Setup) -> Result<Self, String> {
        let mut problem = String::new();
        for _ in 0..TRIES {
            let opener = Arc::new(Opener { registry: Registry::default(), setup: setup.clone() });
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

    /// Uses the server's engine, which is shared with everybody who opens its directory.
    pub async fn with_engine<T>(&self, work: impl FnOnce(&Engine) -> Result<T, String>) -> Result<T, String> {
        let directory = self.opener.open(&self.store).map_err(|error| error.to_string())?;
        let engine = directory.engine().await.map_err(|error| error.to_string());
        let found = engine.and_then(|engine| work(&engine));
        self.opener.release(directory).map_err(|error| error.to_string())?;
        found
    }

    pub async fn close(&self) -> Result<(), Error> {
        self.running.close().await
    }

    pub async fn request(&self, method: &str, path: &str, body: &Value) -> Result<(u16, String), String> {
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

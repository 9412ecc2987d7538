//! Which options does a server have, and what are the default limits?

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::facade::FacadeCall;
use crate::mcp::McpCall;
use crate::webhooks::WebhookCall;

pub struct Config {
    /// Where uploads are spooled, on the same disk as the stores.
    pub directory: PathBuf,
    /// An address to listen on: `127.0.0.1`, `::1`, `0.0.0.0`, or a name.
    pub host: String,
    /// 0 selects a free port.
    pub port: u16,
    /// `KEY` or `TENANT=KEY`, as in `OPENMEMORY_API_KEYS`.
    pub keys: Vec<String>,
    /// A key that can only read `/metrics`.
    pub metrics_key: Option<String>,
    /// The file of keys made by `openmemory keys`. It is read again whenever it changes.
    pub key_file: PathBuf,
    /// Directory for backups requested over HTTP. Without one, such requests are rejected.
    pub backup_dir: Option<PathBuf>,
    pub limits: Limits,
    /// Whether each request is written to the [log](crate::log).
    pub log: bool,
    /// The directory of the studio's files. Without one, `/` is not found and `/docs` is a page without scripts.
    pub ui: Option<PathBuf>,
    /// Answers the messages of hosts of models. Without it there is no `/mcp`.
    pub mcp: Option<McpCall>,
    /// Makes the calls that are many calls. Without it their routes are not found.
    pub facade: Option<FacadeCall>,
    /// Sends events to webhooks. Without it they can be listed and deleted only.
    pub webhooks: Option<WebhookCall>,
}

/// Limits of a server. If it has keys, each tenant gets at most half of every concurrency limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a request body.
    pub body_bytes: usize,
    /// Bytes of the body of a batch.
    pub batch_bytes: usize,
    /// Bytes of a file to import, which is streamed to disk.
    pub import_bytes: u64,
    /// Bytes of one line of such a file: a memory with its history, parsed in memory.
    pub import_line_bytes: usize,
    /// Bytes of all request bodies in memory. Further bodies are received later.
    pub bodies_bytes: usize,
    /// Concurrent requests, counted until their responses are sent. Further ones wait.
    pub requests: usize,
    /// Open connections. A further one evicts an idle one.
    pub connections: usize,
    /// Concurrent exports, each on its own thread. Further ones wait.
    pub exports: usize,
    /// Concurrent imports, including those being received. Further ones wait.
    pub imports: usize,
    /// Open watches. Further ones are rejected.
    pub watches: usize,
    /// Timeout after which a request gets 503; a write may still be applied. Operations on the whole store have none.
    pub timeout_seconds: u64,
    /// Timeout for receiving a head or a body, and for a streamed body that stays below the minimum rate. A connection
    /// whose client reads nothing of a response for this long is closed.
    pub receive_seconds: u64,
    /// How long a shutdown waits for requests in progress.
    pub drain_seconds: u64,
    /// Tenant stores kept open.
    pub open_tenants: usize,
    /// Concurrent point reads, and as many concurrent scans. Each tenant has at most half of either. Further ones wait.
    pub readers: usize,
    /// Rate limit of each key. Without one, rates are unlimited.
    pub rate: Option<Rate>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rate {
    pub requests: u32,
    pub seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 4 << 20,
            batch_bytes: 64 << 20,
            import_bytes: 16 << 30,
            import_line_bytes: 64 << 20,
            bodies_bytes: 256 << 20,
            requests: 256,
            connections: 1024,
            exports: 8,
            imports: 8,
            watches: 256,
            timeout_seconds: 300,
            receive_seconds: 30,
            drain_seconds: 30,
            open_tenants: 32,
            readers: 8,
            rate: None,
        }
    }
}

impl Limits {
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    pub fn receive(&self) -> Duration {
        Duration::from_secs(self.receive_seconds)
    }

    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}

//! What may be chosen about a server? Each with a value that is right for most.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

pub struct Config {
    /// Where uploads are spooled: on the disk that has the stores.
    pub directory: PathBuf,
    /// An address to listen on: `127.0.0.1`, `::1`, `0.0.0.0`, or a name.
    pub host: String,
    /// 0 for any free one.
    pub port: u16,
    /// `KEY` or `TENANT=KEY`, as in `OPENMEMORY_API_KEYS`.
    pub keys: Vec<String>,
    /// May read `/metrics` and nothing else.
    pub metrics_key: Option<String>,
    /// Keys made by the command; looked at again whenever it changes.
    pub key_file: PathBuf,
    /// Where backups go that are asked for over HTTP; none: they are refused.
    pub backup_dir: Option<PathBuf>,
    pub limits: Limits,
    /// Whether each request is an event of the [log](crate::log).
    pub log: bool,
}

/// Where there are keys, a tenant has at most half of what is limited to so many at once.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of a batch's body.
    pub batch_bytes: usize,
    /// Bytes of a file to import; it goes to the disk as it comes.
    pub import_bytes: u64,
    /// Bytes of a line of such a file, which is held in memory: a memory with its history.
    pub import_line_bytes: usize,
    /// Bytes of all bodies that are held in memory at once; further ones are received later.
    pub bodies_bytes: usize,
    /// Requests that are worked on at once, until their answers are sent; further ones wait.
    pub requests: usize,
    /// Connections that are open at once; a further one takes the place of one that is not in use.
    pub connections: usize,
    /// Exports under way at once, each on a thread of its own; further ones wait.
    pub exports: usize,
    /// Imports that are received or under way at once; further ones wait.
    pub imports: usize,
    /// Watches that are open at once; further ones are refused.
    pub watches: usize,
    /// After this long a request is answered 503; a write may still be applied. Work on the whole store has no limit.
    pub timeout_seconds: u64,
    /// After this long without a whole head or body, or with little of a body that is streamed, a request is given up, and
    /// so is a connection that takes nothing of an answer for this long.
    pub receive_seconds: u64,
    /// How long a server that ends waits for requests under way.
    pub drain_seconds: u64,
    /// Tenants whose stores are open at once.
    pub open_tenants: usize,
    /// Reads at once that look at a few memories, and as many that may walk through a store; each tenant has at most half
    /// of either. Further ones wait.
    pub readers: usize,
    /// Requests per key and window; none: no limit.
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

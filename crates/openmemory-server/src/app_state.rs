//! Which state do all requests of a server share?

use std::path::PathBuf;
use std::sync::{Arc, Once};

use openmemory_rules::contract::Stores;
use tokio::sync::watch;

use crate::config::Limits;
use crate::facade::FacadeCall;
use crate::http::{ConcurrencyLimit, IdempotencyStore, Metrics, RateLimits};
use crate::keys::Keyring;
use crate::mcp::McpCall;
use crate::queue::Queue;
use crate::readers::Readers;
use crate::webhooks::Webhooks;

pub struct AppState {
    pub stores: Arc<dyn Stores>,
    /// Where uploads are spooled.
    pub directory: PathBuf,
    pub readers: Readers,
    pub keys: Keyring,
    pub limits: Limits,
    pub rates: Option<RateLimits>,
    pub idempotency: IdempotencyStore,
    pub metrics: Metrics,
    pub log: bool,
    pub mcp: Option<McpCall>,
    pub facade: Option<FacadeCall>,
    /// Logs once that messages are stored verbatim.
    pub verbatim_warning: Once,
    pub backup_dir: Option<PathBuf>,
    pub queue: Arc<Queue>,
    pub webhooks: Arc<Webhooks>,
    pub permits: ConcurrencyLimit,
    /// True once the server shuts down. Watches, which have no end of their own, end then.
    pub stopped: watch::Receiver<bool>,
    /// Whether the server listens on loopback addresses only.
    pub loopback: bool,
}

//! What do all requests of a server share?

use std::path::PathBuf;
use std::sync::{Arc, Once};

use openmemory_rules::contract::Stores;
use tokio::sync::watch;

use crate::config::Limits;
use crate::http::{ConcurrencyLimit, IdempotencyStore, Metrics, RateLimits};
use crate::keys::Keyring;
use crate::readers::Readers;

pub struct AppState {
    pub stores: Arc<dyn Stores>,
    /// Where uploads are spooled.
    pub directory: PathBuf,
    pub readers: Readers,
    pub keys: Keyring,
    pub limits: Limits,
    pub rates: Option<RateLimits>,
    pub answers: IdempotencyStore,
    pub metrics: Metrics,
    pub log: bool,
    /// Said once in the log: that messages are stored as they are.
    pub told_verbatim: Once,
    pub backup_dir: Option<PathBuf>,
    pub places: ConcurrencyLimit,
    /// Whether the server ends; what has no end of its own ends then.
    pub stopped: watch::Receiver<bool>,
    /// Whether only this machine can reach the server.
    pub loopback: bool,
}

//! How does a server get the store of a tenant?

use std::sync::Arc;

use super::{Idempotency, MemoryStore, Reply};

/// The tenant whose store is the directory itself, which embedded callers open too.
pub const DEFAULT_TENANT: &str = "default";

/// The stores of a server, by tenant name.
pub trait Stores: Send + Sync + 'static {
    /// The store of a tenant for one call, opened if necessary. It stays open until the returned handle is dropped.
    fn store<'a>(&'a self, tenant: &'a str) -> Reply<'a, Arc<dyn MemoryStore>>;

    /// The tenants that have a store already, whether it is open or not.
    fn tenants(&self) -> Reply<'_, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// What servers of the same stores share about writes that are repeated; `None`: no other server has these stores.
    fn idempotency(&self) -> Option<&dyn Idempotency> {
        None
    }

    /// Whether all open stores accept writes. Also starts to heal those that do not.
    fn all_write(&self) -> bool;

    /// Flushes and closes all stores. None can be opened afterwards.
    fn close(&self) -> Reply<'_, ()>;
}

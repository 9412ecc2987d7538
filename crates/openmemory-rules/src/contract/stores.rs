//! Where does a server find the store of a tenant?

use std::sync::Arc;

use super::{MemoryStore, Reply};

/// The tenant whose store is also the one of embedded users of the same place.
pub const DEFAULT_TENANT: &str = "default";

/// The stores of a server's tenants, by the tenants' names.
pub trait Stores: Send + Sync + 'static {
    /// The store of a tenant, opened if it is not open, for one call. It is not closed while it is held.
    fn store<'a>(&'a self, tenant: &'a str) -> Reply<'a, Arc<dyn MemoryStore>>;

    /// Whether every open store accepts writes. Begins to heal those that do not.
    fn all_write(&self) -> bool;

    /// Makes everything durable and closes every store; none is opened afterwards.
    fn close(&self) -> Reply<'_, ()>;
}

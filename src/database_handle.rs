//! When is a database reached, and when are its connections closed? The first call connects, and `close` closes all once
//! every call has ended.

use std::sync::Arc;

use napi::tokio::sync::OnceCell;
use openmemory_postgres::{Options, PostgresStore, PostgresStores};
use openmemory_rules::Error;
use openmemory_rules::contract::{Claim, Idempotency, MemoryStore, Reply, Stores};

use crate::answer::answered;
use crate::in_flight::{Beginning, InFlight, Running};
use crate::options::StoreSpec;
use crate::server::Models;

/// The hold of one JavaScript object on a database.
pub struct DatabaseHandle {
    pub spec: Arc<StoreSpec>,
    url: String,
    /// Connects with the first call.
    stores: OnceCell<Arc<PostgresStores>>,
    in_flight: Arc<InFlight>,
}

impl DatabaseHandle {
    pub fn new(url: String, spec: StoreSpec) -> Self {
        Self { spec: Arc::new(spec), url, stores: OnceCell::new(), in_flight: Arc::default() }
    }

    async fn stores(&self) -> Result<&Arc<PostgresStores>, Error> {
        let open = || async {
            let defaults = Options::new(self.url.as_str(), self.spec.embedder.clone());
            let StoreSpec { index_memory, approximate_above, .. } = *self.spec;
            let pool_size = self.spec.pool_size.unwrap_or(defaults.pool_size);
            let options = Options { index_memory, pool_size, approximate_above, ..defaults };
            Ok(Arc::new(PostgresStores::new(&options)?))
        };
        self.stores.get_or_try_init(open).await
    }

    pub async fn store(&self) -> Result<PostgresStore, Error> {
        self.stores().await?.tenant(&self.spec.tenant).await
    }

    /// The tenants of the database, as far as its role sees them.
    pub async fn tenants(&self) -> Result<Vec<String>, Error> {
        self.stores().await?.tenants().await
    }

    /// Starts a call, in the order in which JavaScript makes the calls.
    pub fn begin(&self) -> Result<Running, Error> {
        self.in_flight.begin()
    }

    /// Starts a call of a watch. The first one begins it, and gets the changes of all later calls.
    pub fn begin_watch(&self, is_first: bool) -> Result<(Running, Option<Beginning>), Error> {
        self.in_flight.begin_watch(is_first)
    }

    /// Waits until no call is in flight, and closes all connections.
    pub async fn close(&self) -> Result<(), Error> {
        self.in_flight.close(self.spec.embeds_in_javascript()).await;
        match self.stores.get() {
            Some(stores) => stores.close().await,
            None => Ok(()),
        }
    }
}

/// The stores of a database for a server of this process, which closes before they do.
pub struct Served {
    pub handle: Arc<DatabaseHandle>,
    pub models: Models,
}

impl Stores for Served {
    fn store<'a>(&'a self, tenant: &'a str) -> Reply<'a, Arc<dyn MemoryStore>> {
        Box::pin(async move {
            let store = self.handle.stores().await?.tenant(tenant).await?;
            Ok(Arc::new(store.learning_with(self.models.of(tenant))) as Arc<dyn MemoryStore>)
        })
    }

    fn tenants(&self) -> Reply<'_, Vec<String>> {
        Box::pin(self.handle.tenants())
    }

    fn idempotency(&self) -> Option<&dyn Idempotency> {
        Some(self)
    }

    fn all_write(&self) -> bool {
        true
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Idempotency for Served {
    fn claim<'a>(&'a self, tenant: &'a str, key: &'a [u8], fingerprint: [u8; 32]) -> Reply<'a, Claim> {
        Box::pin(async move { self.handle.stores().await?.claim(tenant, key, fingerprint).await })
    }

    fn renew<'a>(&'a self, tenant: &'a str, key: &'a [u8]) -> Reply<'a, ()> {
        Box::pin(async move { self.handle.stores().await?.renew(tenant, key).await })
    }

    fn finish<'a>(&'a self, tenant: &'a str, key: &'a [u8], answer: Option<Vec<u8>>) -> Reply<'a, ()> {
        Box::pin(async move { self.handle.stores().await?.finish(tenant, key, answer).await })
    }
}

/// A call, which makes an answer. Of one type whatever it is: what surrounds it is compiled once.
pub type Work = Box<dyn for<'a> FnOnce(&'a PostgresStore) -> Reply<'a, String> + Send>;

/// Runs a call on the store, for its answer.
pub async fn run(started: Result<Running, Error>, handle: Arc<DatabaseHandle>, work: Result<Work, Error>) -> String {
    let done = async {
        let (running, work) = (started?, work?);
        let store = handle.store().await?;
        running.unless_given_up(work(&store)).await
    };
    answered(done.await)
}

//! How does a server get the store of a tenant? All tenants are in one database, and nothing of one is read for another:
//! every key has the tenant in it.

use std::collections::HashMap;
use std::sync::Arc;

use openmemory_domain::Clock;
use openmemory_embedding::EmbeddingService;
use openmemory_rules::Error;
use openmemory_rules::contract::{MemoryStore, Reply, Stores};
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::connect::{Database, LanguageModelOf, Options};
use crate::migrate::migrate;
use crate::model::Model;
use crate::partitions::HotPartitions;
use crate::store::{PostgresStore, Tenant};

/// The stores of a database.
pub struct PostgresStores {
    database: Database,
    clock: Arc<dyn Clock>,
    model: Arc<Model>,
    partitions: Arc<HotPartitions>,
    hash_partitions: Option<u32>,
    language_model: Option<LanguageModelOf>,
    migrated: OnceCell<()>,
    /// `None` after closing.
    tenants: Mutex<Option<HashMap<String, PostgresStore>>>,
}

impl PostgresStores {
    /// Connects with the first call.
    ///
    /// # Errors
    /// The URL is invalid, or names a host that cannot be reached safely.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let database = Database::new(options)?;
        let service = EmbeddingService::start(options.embedder.clone()).map_err(Error::disk)?;
        Ok(Self {
            database,
            clock: Arc::clone(&options.clock),
            model: Arc::new(Model::new(service)),
            partitions: Arc::new(HotPartitions::new(options.index_memory)),
            hash_partitions: options.hash_partitions,
            language_model: options.language_model.clone(),
            migrated: OnceCell::new(),
            tenants: Mutex::new(Some(HashMap::new())),
        })
    }

    /// The store of a tenant.
    pub async fn tenant(&self, name: &str) -> Result<PostgresStore, Error> {
        let hash_partitions = self.hash_partitions;
        let migrate = || self.database.run(move |session| migrate(session, hash_partitions));
        self.migrated.get_or_try_init(migrate).await?;
        let mut tenants = self.tenants.lock();
        let tenants = tenants.as_mut().ok_or(Error::Closed)?;
        if let Some(store) = tenants.get(name) {
            return Ok(store.clone());
        }
        let tenant = Tenant::new(
            name.to_owned(),
            self.database.clone(),
            Arc::clone(&self.clock),
            Arc::clone(&self.model),
            Arc::clone(&self.partitions),
        );
        let store = PostgresStore {
            tenant: Arc::new(tenant),
            language_model: self.language_model.as_ref().and_then(|of| of(name)),
        };
        tenants.insert(name.to_owned(), store.clone());
        Ok(store)
    }
}

impl Stores for PostgresStores {
    fn store<'a>(&'a self, tenant: &'a str) -> Reply<'a, Arc<dyn MemoryStore>> {
        Box::pin(async move { Ok(Arc::new(self.tenant(tenant).await?) as Arc<dyn MemoryStore>) })
    }

    fn all_write(&self) -> bool {
        // A lost connection is replaced by the next call.
        true
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async move {
            let tenants = self.tenants.lock().take().unwrap_or_default();
            for store in tenants.values() {
                store.tenant.finish_recall().await;
                store.tenant.feed.close();
            }
            self.database.close();
            Ok(())
        })
    }
}

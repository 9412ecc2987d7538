//! How does a server get the store of a tenant? All tenants are in one database, and nothing of one is read for another:
//! every key has the tenant in it.

use std::collections::HashMap;
use std::sync::Arc;

use openmemory_domain::Clock;
use openmemory_embedding::EmbeddingService;
use openmemory_rules::Error;
use openmemory_rules::contract::{Idempotency, MemoryStore, Reply, Stores};
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::connect::{Database, LanguageModelOf, Options};
use crate::migrate::{is_confined, migrate};
use crate::model::Model;
use crate::partitions::HotPartitions;
use crate::rows;
use crate::session::Session;
use crate::store::{PostgresStore, Tenant};
use crate::wide::tables;
use crate::wide::wide::Wide;

/// The stores of a database.
pub struct PostgresStores {
    database: Database,
    clock: Arc<dyn Clock>,
    model: Arc<Model>,
    partitions: Arc<HotPartitions>,
    hash_partitions: Option<u32>,
    approximate_above: Option<u64>,
    language_model: Option<LanguageModelOf>,
    /// Whether the database confines this process to one tenant at a time; known once the tables are there.
    confined: OnceCell<bool>,
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
            approximate_above: options.approximate_above,
            language_model: options.language_model.clone(),
            confined: OnceCell::new(),
            tenants: Mutex::new(Some(HashMap::new())),
        })
    }

    /// Whether the database confines this process, after its tables were brought up to date.
    async fn confined(&self) -> Result<bool, Error> {
        let prepare = || async {
            let (hash_partitions, dimensions) = (self.hash_partitions, self.wide_dimensions().await?);
            let prepare = move |session: &Session| {
                migrate(session, hash_partitions)?;
                if let Some(dimensions) = dimensions {
                    tables::prepare(session, dimensions)?;
                }
                is_confined(session)
            };
            self.database.run(prepare).await
        };
        self.confined.get_or_try_init(prepare).await.copied()
    }

    /// The dimensions of the vectors among which candidates are looked for, if that is asked for.
    async fn wide_dimensions(&self) -> Result<Option<usize>, Error> {
        match self.approximate_above {
            Some(_) => Ok(Some(self.model.identity().await?.dimensions)),
            None => Ok(None),
        }
    }

    /// The store of a tenant.
    pub async fn tenant(&self, name: &str) -> Result<PostgresStore, Error> {
        let confined = self.confined().await?;
        let wide = self.approximate_above.zip(self.wide_dimensions().await?);
        let mut tenants = self.tenants.lock();
        let tenants = tenants.as_mut().ok_or(Error::Closed)?;
        if let Some(store) = tenants.get(name) {
            return Ok(store.clone());
        }
        let tenant = Tenant::new(
            name.to_owned(),
            if confined { self.database.confined_to(name) } else { self.database.clone() },
            Arc::clone(&self.clock),
            Arc::clone(&self.model),
            Arc::clone(&self.partitions),
            wide.map(|(above, dimensions)| Wide::new(name, above.try_into().unwrap_or(i64::MAX), dimensions)),
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

    fn tenants(&self) -> Reply<'_, Vec<String>> {
        Box::pin(async move {
            if self.confined().await? {
                let instead = "ask with the role that owns the tables, or name the tenant";
                return Err(Error::Unsupported { call: "listing tenants", instead });
            }
            let tenants = |session: &Session| session.query(rows::TENANTS, &[]);
            Ok(self.database.read(tenants).await?.iter().map(|row| row.get(0)).collect())
        })
    }

    fn idempotency(&self) -> Option<&dyn Idempotency> {
        Some(self)
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

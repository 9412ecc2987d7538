//! How is the database reached? By a URL, through a pool of connections with limits.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use openmemory_domain::{Clock, Invalid, SystemClock};
use openmemory_embedding::EmbedderSource;
use openmemory_learning::LanguageModel;
use openmemory_rules::Error;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tracing::Span;

use crate::error::{Cause, cause, of_pool};
use crate::security::{self, Mode};
use crate::session::Session;
use crate::tls::Tls;

const POOL_SIZE: usize = 16;
/// How long a call waits for a connection.
const POOL_WAIT: Duration = Duration::from_secs(5);
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// How often a read is tried again whose connection was lost.
const READ_ATTEMPTS: usize = 4;
/// Limits of every connection, in milliseconds.
const LIMITS: &str =
    "-c statement_timeout=60000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=30000 -c jit=off";

/// The language model of a tenant.
pub type LanguageModelOf = Arc<dyn Fn(&str) -> Option<Arc<dyn LanguageModel>> + Send + Sync>;

/// Options of the stores in a database. [`Options::new`] has the defaults.
#[derive(Clone)]
pub struct Options {
    pub url: String,
    pub embedder: EmbedderSource,
    pub clock: Arc<dyn Clock>,
    /// Connections of this process.
    pub pool_size: usize,
    /// Bytes for the partitions that this process holds.
    pub index_memory: usize,
    /// Searches of more memories than this compare candidates, which the extension vector proposes; `None`: they are refused
    /// without a user, and compare all otherwise.
    pub approximate_above: Option<u64>,
    /// Creates the tables in so many hash partitions. Tests do, to see that each statement touches only one.
    pub hash_partitions: Option<u32>,
    /// What each tenant learns with.
    pub language_model: Option<LanguageModelOf>,
}

impl Options {
    pub fn new(url: impl Into<String>, embedder: impl Into<EmbedderSource>) -> Self {
        Self {
            url: url.into(),
            embedder: embedder.into(),
            clock: Arc::new(SystemClock),
            pool_size: POOL_SIZE,
            index_memory: 1 << 30,
            approximate_above: None,
            hash_partitions: None,
            language_model: None,
        }
    }
}

/// The connections of this process.
#[derive(Clone)]
pub(crate) struct Database {
    pool: Pool,
    /// The tenant whose rows its sessions see; `None`: they see all rows that the role may see.
    tenant: Option<Arc<str>>,
}

impl Database {
    pub(crate) fn new(options: &Options) -> Result<Self, Error> {
        let split = security::split(&options.url)?;
        let mut config = Config::from_str(&split.url)
            .map_err(|error| Invalid::argument("store", format!("is no URL of PostgreSQL: {error}")))?;
        let security = split.security(&config);
        config.application_name("openmemory").connect_timeout(CONNECT_WAIT);
        // What the URL says comes last, and so holds.
        let limits = config.get_options().map_or_else(|| LIMITS.to_owned(), |own| format!("{LIMITS} {own}"));
        config.options(limits);
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = if security.mode == Mode::Disable {
            config.ssl_mode(SslMode::Disable);
            Manager::from_config(config, NoTls, recycling)
        } else {
            config.ssl_mode(SslMode::Require);
            Manager::from_config(config, Tls::new(&security)?, recycling)
        };
        let pool = Pool::builder(manager)
            .max_size(options.pool_size.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(POOL_WAIT))
            .create_timeout(Some(CONNECT_WAIT))
            .build()
            .map_err(|_| Error::Internal("the pool of connections could not be made"))?;
        Ok(Self { pool, tenant: None })
    }

    /// The same connections, whose sessions see the rows of this tenant only.
    pub(crate) fn confined_to(&self, tenant: &str) -> Self {
        Self { pool: self.pool.clone(), tenant: Some(tenant.into()) }
    }

    /// Runs work that blocks with a connection of its own.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.run_on(self.client().await?, work).await
    }

    /// A connection, as soon as one is free.
    pub(crate) async fn client(&self) -> Result<Client, Error> {
        self.pool.get().await.map_err(|error| of_pool(&error))
    }

    /// Runs work that blocks with a connection.
    pub(crate) async fn run_on<T: Send + 'static>(
        &self,
        client: Client,
        work: impl FnOnce(&Session) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (runtime, span, tenant) = (Handle::current(), Span::current(), self.tenant.clone());
        let (done, result) = oneshot::channel();
        let work = move || span.in_scope(|| work(&Session::new(client, runtime, tenant)));
        // Of one type whatever it runs: the code of a task is compiled for each type that is spawned.
        let work: Box<dyn FnOnce() + Send> = Box::new(move || drop(done.send(work())));
        spawn_blocking(work);
        result.await.unwrap_or(Err(Error::Internal("a call panicked")))
    }

    /// Runs a read. If its connection is lost it begins again with another one.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&Session) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<T, Error> {
        let work = Arc::new(work);
        for _ in 1..READ_ATTEMPTS {
            let once = Arc::clone(&work);
            match self.run(move |session| once(session)).await {
                Err(error) if cause(&error) == Cause::Lost => {}
                result => return result,
            }
        }
        self.run(move |session| work(session)).await
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

//! How does JavaScript start and stop a server? It serves the engine that JavaScript's own calls use.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Error, FnArgs, Function, Promise, Result};
use napi::tokio::sync::OnceCell;
use napi_derive::napi;
use openmemory_domain::SystemClock;
use openmemory_engine::{Directory, OpenDirectory, TenantDirectories};
use openmemory_learning::LanguageModel;
use openmemory_learning::budget::Budgets;
#[cfg(feature = "postgres")]
use openmemory_postgres::{self as postgres, PostgresStores};
use openmemory_rules as rules;
use openmemory_rules::contract::Stores;
use openmemory_server::config::{Config, Limits};
use openmemory_server::facade::FacadeCall;
use openmemory_server::log::{self, Level};
use openmemory_server::mcp::McpCall;
use openmemory_server::server::ServerHandle;
use openmemory_server::webhooks::WebhookCall;
use serde::Deserialize;
use serde_json::json;

use crate::answer::{self, answer};
use crate::facade::facade_call;
use crate::handle::REGISTRY;
use crate::mcp::{Waiting, mcp_call};
use crate::options::StoreSpec;
use crate::promise::{Promised, promise};
use crate::webhooks::webhook_call;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    host: String,
    port: u16,
    api_keys: Vec<String>,
    metrics_key: Option<String>,
    key_file: PathBuf,
    backup_dir: Option<PathBuf>,
    limits: Limits,
    log: Log,
    ui: Option<PathBuf>,
    /// The URL of the database that has the memories, instead of the directory.
    store: Option<String>,
    /// Connections to that database.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "a directory has no connections"))]
    pool_size: Option<usize>,
    /// Searches of more memories in that database compare candidates only.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "a directory compares all"))]
    approximate_above: Option<u64>,
    /// Of the language model, for each tenant.
    tokens_per_hour: Option<u64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Log {
    Requests(bool),
    Level(Level),
}

impl Log {
    fn level(self) -> Option<Level> {
        match self {
            Self::Requests(requests) => requests.then_some(Level::Info),
            Self::Level(level) => Some(level),
        }
    }
}

/// What the tenants of a server learn with, and how much.
pub struct Models {
    model: Option<Arc<dyn LanguageModel>>,
    budgets: Option<Budgets>,
}

impl Models {
    fn new(spec: &StoreSpec, tokens_per_hour: Option<u64>) -> Self {
        let budgets = tokens_per_hour.map(|tokens| Budgets::new(tokens, Arc::new(SystemClock)));
        Self { model: spec.language_model.clone(), budgets }
    }

    pub fn of(&self, tenant: &str) -> Option<Arc<dyn LanguageModel>> {
        let model = self.model.clone()?;
        Some(match &self.budgets {
            Some(budgets) => budgets.limit(tenant, model),
            None => model,
        })
    }
}

/// Makes the stores of a server.
pub type MakeStores = Box<dyn FnOnce(Models) -> Arc<dyn Stores>>;

/// Opens the stores of tenants with the model of the served engine.
struct Directories {
    spec: Arc<StoreSpec>,
    models: Models,
}

impl OpenDirectory for Directories {
    fn open(&self, directory: &Path) -> std::result::Result<Arc<Directory>, rules::Error> {
        REGISTRY.open(self.spec.engine_options_in(directory), &self.spec.description)
    }

    fn release(&self, store: Arc<Directory>) -> std::result::Result<(), rules::Error> {
        REGISTRY.release(store)
    }

    fn language_model(&self, tenant: &str) -> Option<Arc<dyn LanguageModel>> {
        self.models.of(tenant)
    }
}

/// What the program around the server does for it.
#[derive(Clone)]
struct Around {
    mcp: McpCall,
    facade: FacadeCall,
    webhooks: WebhookCall,
}

/// The stores that a server serves: in directories, or in a database.
fn stores(spec: &Arc<StoreSpec>, options: &Options) -> std::result::Result<Arc<dyn Stores>, rules::Error> {
    let models = Models::new(spec, options.tokens_per_hour);
    let Some(url) = &options.store else {
        let directories = Arc::new(Directories { spec: Arc::clone(spec), models });
        let stores = TenantDirectories::new(spec.path.clone(), directories, options.limits.open_tenants);
        return Ok(Arc::new(stores));
    };
    in_database(spec, url, (options.pool_size, options.approximate_above), models)
}

#[cfg(feature = "postgres")]
fn in_database(
    spec: &StoreSpec,
    url: &str,
    (pool_size, approximate_above): (Option<usize>, Option<u64>),
    models: Models,
) -> std::result::Result<Arc<dyn Stores>, rules::Error> {
    let defaults = postgres::Options::new(url, spec.embedder.clone());
    let database = postgres::Options {
        index_memory: spec.index_memory,
        pool_size: pool_size.unwrap_or(defaults.pool_size),
        approximate_above,
        language_model: Some(Arc::new(move |tenant| models.of(tenant))),
        ..defaults
    };
    Ok(Arc::new(PostgresStores::new(&database)?))
}

#[cfg(not(feature = "postgres"))]
fn in_database(
    _spec: &StoreSpec,
    _url: &str,
    _limits: (Option<usize>, Option<u64>),
    _models: Models,
) -> std::result::Result<Arc<dyn Stores>, rules::Error> {
    Err(rules::Error::Unsupported {
        call: "serving",
        instead: "this addon was built without PostgreSQL; use one that has it",
    })
}

/// What answers hosts of models, makes calls for the server's clients, and sends events.
type Functions<'f> = (
    Function<'f, FnArgs<(String,)>, Promise<String>>,
    Function<'f, FnArgs<(String,)>, Promise<String>>,
    Function<'f, FnArgs<(String,)>, Promise<String>>,
);

#[napi]
pub struct Server {
    spec: Arc<StoreSpec>,
    /// The stores to serve, unless the options name them.
    stores: Option<Arc<dyn Stores>>,
    options: Arc<Options>,
    around: Around,
    hosts: Waiting,
    running: Arc<OnceCell<ServerHandle>>,
}

impl Server {
    /// A server that does not listen yet.
    pub fn of(
        env: &Env,
        spec: Arc<StoreSpec>,
        stores: Option<MakeStores>,
        options: &str,
        (mcp, facade, send): Functions<'_>,
    ) -> Result<Self> {
        let options: Options = serde_json::from_str(options).map_err(|error| Error::from_reason(error.to_string()))?;
        let stores = stores.map(|make| make(Models::new(&spec, options.tokens_per_hour)));
        let hosts = Waiting::default();
        let around = Around {
            mcp: mcp_call(env, mcp, &hosts)?,
            facade: facade_call(env, facade)?,
            webhooks: webhook_call(env, send)?,
        };
        Ok(Self { spec, stores, options: Arc::new(options), around, hosts, running: Arc::default() })
    }
}

#[napi]
impl Server {
    /// Sends a message to the host of models whose message has this number, before its answer.
    #[napi]
    pub fn tell_host(&self, number: u32, message: String) {
        self.hosts.tell(number, message);
    }

    /// Starts to listen and returns the address.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn start<'env>(&self, env: &'env Env) -> Promised<'env> {
        let (spec, options, running) = (Arc::clone(&self.spec), Arc::clone(&self.options), Arc::clone(&self.running));
        let (around, given) = (self.around.clone(), self.stores.clone());
        if let Some(level) = options.log.level() {
            log::install(level, to_stderr);
        }
        promise(env, async move {
            let stores = match given.map_or_else(|| stores(&spec, &options), Ok) {
                Ok(stores) => stores,
                Err(error) => return answer::<()>(Err(error)),
            };
            let start = || ServerHandle::start(options.config(&spec, around), stores);
            match running.get_or_try_init(start).await {
                Ok(running) => answer(Ok(json!({ "host": running.address.ip(), "port": running.address.port() }))),
                Err(error) => answer::error(error.code().as_str(), error.field(), &error.to_string()),
            }
        })
    }

    /// Resolves when the server has ended. Waiting for it keeps the process alive.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn ended<'env>(&self, env: &'env Env) -> Promised<'env> {
        let running = Arc::clone(&self.running);
        promise(env, async move {
            answer(match running.get() {
                Some(running) => running.ended().await,
                None => Ok(()),
            })
        })
    }

    /// Completes pending requests, syncs and closes the stores. Idempotent.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn close<'env>(&self, env: &'env Env) -> Promised<'env> {
        let running = Arc::clone(&self.running);
        promise(env, async move {
            answer(match running.get() {
                Some(running) => running.close().await,
                None => Ok(()),
            })
        })
    }
}

impl Options {
    fn config(&self, spec: &StoreSpec, around: Around) -> Config {
        Config {
            directory: spec.path.clone(),
            host: self.host.clone(),
            port: self.port,
            keys: self.api_keys.clone(),
            metrics_key: self.metrics_key.clone(),
            key_file: self.key_file.clone(),
            backup_dir: self.backup_dir.clone(),
            limits: self.limits.clone(),
            log: self.log.level().is_some(),
            ui: self.ui.clone(),
            mcp: Some(around.mcp),
            facade: Some(around.facade),
            webhooks: Some(around.webhooks),
        }
    }
}

fn to_stderr(line: &str) {
    // The reader of stderr may be gone, which must not fail requests.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

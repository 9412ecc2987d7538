//! Which store is a tenant's? One in a directory of its own: nothing of a tenant is within reach of another.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openmemory_learning::LanguageModel;
use openmemory_rules::Error;
use openmemory_rules::contract::{DEFAULT_TENANT, MemoryStore, Reply, Stores};
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::healing::Directory;
use super::memory_store::{EngineStore, blocking};

/// The directory of all tenants but the default one.
const TENANTS: &str = "tenants";

/// How a directory becomes an engine; who starts the server knows the model and shares engines within the process.
pub trait OpenDirectory: Send + Sync + 'static {
    /// Blocks.
    fn open(&self, directory: &Path) -> Result<Arc<Directory>, Error>;
    /// Blocks; the last who lets go closes the engine.
    fn release(&self, store: Arc<Directory>) -> Result<(), Error>;

    /// What the store of a tenant learns with.
    fn language_model(&self, tenant: &str) -> Option<Arc<dyn LanguageModel>> {
        let _ = tenant;
        None
    }
}

/// The stores that are open. Those that nobody has used for longest are closed when there are too many.
pub struct TenantDirectories {
    root: PathBuf,
    opener: Arc<dyn OpenDirectory>,
    most: usize,
    open: Mutex<Opened>,
}

#[derive(Default)]
struct Opened {
    stores: HashMap<String, Slot>,
    uses: u64,
    closed: bool,
}

struct Slot {
    store: Arc<OnceCell<Arc<Directory>>>,
    used: u64,
}

impl TenantDirectories {
    pub fn new(root: PathBuf, opener: Arc<dyn OpenDirectory>, most: usize) -> Self {
        Self { root, opener, most: most.max(1), open: Mutex::default() }
    }

    async fn find(&self, tenant: &str) -> Result<Arc<dyn MemoryStore>, Error> {
        let (cell, surplus) = {
            let mut open = self.open.lock();
            if open.closed {
                return Err(Error::Closed);
            }
            open.uses += 1;
            let used = open.uses;
            let slot = open.stores.entry(tenant.to_owned()).or_insert_with(|| Slot { store: Arc::default(), used });
            slot.used = used;
            let cell = Arc::clone(&slot.store);
            (cell, open.surplus(self.most))
        };
        // What goes wrong with another tenant's store is in the log, and no answer to this one.
        let _ = self.release(surplus).await;
        let open = || async {
            let (opener, directory) = (Arc::clone(&self.opener), self.directory(tenant));
            blocking(move || opener.open(&directory)).await
        };
        let engine = cell.get_or_try_init(open).await?.engine().await?;
        Ok(Arc::new(EngineStore::new(engine, self.opener.language_model(tenant))))
    }

    fn directory(&self, tenant: &str) -> PathBuf {
        if tenant == DEFAULT_TENANT { self.root.clone() } else { self.root.join(TENANTS).join(tenant) }
    }

    /// Each of them, whatever becomes of the others; the outcome of one that fails, if any does.
    async fn release(&self, stores: Vec<(String, Arc<Directory>)>) -> Result<(), Error> {
        if stores.is_empty() {
            return Ok(());
        }
        let opener = Arc::clone(&self.opener);
        // As one piece of work: it goes on when the request that began it has gone.
        blocking(move || {
            let mut outcome = Ok(());
            for (tenant, store) in stores {
                // Others in the process may go on with it; what was answered here is on disk all the same.
                let flushed = store.flush();
                let released = opener.release(store).and(flushed);
                if let Err(error) = &released {
                    let code = error.code().as_str();
                    tracing::error!(tenant, code, error = %error, "closing a store");
                }
                outcome = outcome.and(released);
            }
            outcome
        })
        .await
    }
}

impl Stores for TenantDirectories {
    fn store<'a>(&'a self, tenant: &'a str) -> Reply<'a, Arc<dyn MemoryStore>> {
        Box::pin(self.find(tenant))
    }

    fn tenants(&self) -> Reply<'_, Vec<String>> {
        let root = self.root.clone();
        Box::pin(blocking(move || {
            let found = fs::read_dir(root.join(TENANTS)).into_iter().flatten().flatten();
            let named = found.filter_map(|entry| entry.file_name().into_string().ok());
            let own = Some(DEFAULT_TENANT.to_owned()).filter(|_| openmemory_storage::is_store(&root));
            Ok(own.into_iter().chain(named).collect())
        }))
    }

    fn all_write(&self) -> bool {
        let open = self.open.lock();
        let stores = open.stores.values().filter_map(|slot| slot.store.get());
        let failed: Vec<&Arc<Directory>> = stores.filter(|store| !store.is_well()).collect();
        failed.iter().for_each(|store| store.heal());
        failed.is_empty()
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async move {
            let slots: Vec<(String, Slot)> = {
                let mut open = self.open.lock();
                open.closed = true;
                open.stores.drain().collect()
            };
            let opened = |(tenant, slot): (String, Slot)| Some((tenant, slot.store.get().cloned()?));
            self.release(slots.into_iter().filter_map(opened).collect()).await
        })
    }
}

impl Opened {
    /// Takes out stores that are in nobody's hands, the longest unused first, until few enough are left.
    fn surplus(&mut self, most: usize) -> Vec<(String, Arc<Directory>)> {
        let mut surplus = Vec::new();
        while self.stores.len() > most {
            let idle = |slot: &Slot| {
                Arc::strong_count(&slot.store) == 1
                    && slot.store.get().is_none_or(|store| Arc::strong_count(store) == 1)
            };
            let longest = self.stores.iter().filter(|(_, slot)| idle(slot)).min_by_key(|(_, slot)| slot.used);
            let Some(tenant) = longest.map(|(tenant, _)| tenant.clone()) else { break };
            let taken = self.stores.remove(&tenant).and_then(|slot| Arc::into_inner(slot.store)?.into_inner());
            surplus.extend(taken.map(|store| (tenant, store)));
        }
        surplus
    }
}

#[cfg(test)]
mod tests;

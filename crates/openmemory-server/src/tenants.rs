//! Which store is a tenant's? One in a directory of its own: nothing of a tenant is within another's reach, be it an id,
//! a count, a link, a tombstone or a neighbour in the index.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openmemory_core::engine::{Error, Shared};
use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

/// 1 to 64 of `a`–`z`, `0`–`9`, `-` and `_`: a name that is also a directory's on every system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tenant(String);

impl Tenant {
    /// The tenant of the directory's own store, which embedded users of the directory see too.
    pub const DEFAULT: &'static str = "default";

    pub fn own() -> Self {
        Self(Self::DEFAULT.into())
    }

    pub fn read(name: &str) -> Option<Self> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        ((1..=64).contains(&name.len()) && name.chars().all(fits)).then(|| Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn directory(&self, root: &Path) -> PathBuf {
        if self.0 == Self::DEFAULT { root.to_owned() } else { root.join("tenants").join(&self.0) }
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a directory becomes an engine; who starts the server knows the model and shares engines within the process.
pub trait OpenStore: Send + Sync + 'static {
    /// Blocks.
    fn open(&self, directory: &Path) -> Result<Arc<Shared>, Error>;
    /// Blocks; the last who lets go closes the engine.
    fn release(&self, store: Arc<Shared>) -> Result<(), Error>;
}

/// The stores that are open. Those that nobody has used for longest are closed when there are too many.
pub(crate) struct Tenants {
    root: PathBuf,
    opener: Arc<dyn OpenStore>,
    most: usize,
    open: Mutex<Opened>,
}

#[derive(Default)]
struct Opened {
    stores: HashMap<Tenant, Slot>,
    uses: u64,
    closed: bool,
}

struct Slot {
    store: Arc<OnceCell<Arc<Shared>>>,
    used: u64,
}

impl Tenants {
    pub fn new(root: PathBuf, opener: Arc<dyn OpenStore>, most: usize) -> Self {
        Self { root, opener, most: most.max(1), open: Mutex::default() }
    }

    pub async fn store(&self, tenant: &Tenant) -> Result<Arc<Shared>, Error> {
        let (cell, surplus) = {
            let mut open = self.open.lock();
            if open.closed {
                return Err(Error::Closed);
            }
            open.uses += 1;
            let used = open.uses;
            let slot = open.stores.entry(tenant.clone()).or_insert_with(|| Slot { store: Arc::default(), used });
            slot.used = used;
            let cell = Arc::clone(&slot.store);
            (cell, open.surplus(self.most))
        };
        for store in surplus {
            self.release(store).await?;
        }
        let open = || async {
            let (opener, directory) = (Arc::clone(&self.opener), tenant.directory(&self.root));
            blocking(move || opener.open(&directory)).await
        };
        Ok(Arc::clone(cell.get_or_try_init(open).await?))
    }

    /// Syncs and lets go of every store; none is opened afterwards.
    pub async fn close(&self) -> Result<(), Error> {
        let slots: Vec<Slot> = {
            let mut open = self.open.lock();
            open.closed = true;
            open.stores.drain().map(|(_, slot)| slot).collect()
        };
        let mut outcome = Ok(());
        for slot in slots {
            if let Some(store) = slot.store.get().cloned() {
                drop(slot);
                outcome = self.release(store).await.and(outcome);
            }
        }
        outcome
    }

    async fn release(&self, store: Arc<Shared>) -> Result<(), Error> {
        let opener = Arc::clone(&self.opener);
        blocking(move || {
            // Others in the process may go on with it; what was answered here is on disk all the same.
            store.flush()?;
            opener.release(store)
        })
        .await
    }
}

impl Opened {
    /// Takes out stores that are in nobody's hands, the longest unused first, until few enough are left.
    fn surplus(&mut self, most: usize) -> Vec<Arc<Shared>> {
        let mut surplus = Vec::new();
        while self.stores.len() > most {
            let idle = |slot: &Slot| {
                Arc::strong_count(&slot.store) == 1 && slot.store.get().is_none_or(|store| Arc::strong_count(store) == 1)
            };
            let longest = self.stores.iter().filter(|(_, slot)| idle(slot)).min_by_key(|(_, slot)| slot.used);
            let Some(tenant) = longest.map(|(tenant, _)| tenant.clone()) else { break };
            let taken = self.stores.remove(&tenant).and_then(|slot| Arc::into_inner(slot.store)?.into_inner());
            surplus.extend(taken);
        }
        surplus
    }
}

/// Runs what may block on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    spawn_blocking(work).await.unwrap_or(Err(Error::Internal("a call panicked")))
}

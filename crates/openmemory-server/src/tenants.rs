//! Which store is a tenant's? One in a directory of its own: nothing of a tenant is within another's reach, be it an id,
//! a count, a link, a tombstone or a neighbour in the index.

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, create_dir_all};
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
        names_directory(name).then(|| Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn directory(&self, root: &Path) -> PathBuf {
        if self.0 == Self::DEFAULT { root.to_owned() } else { root.join("tenants").join(&self.0) }
    }
}

/// Whether a name is a directory's on every system, and no way to another one.
pub(crate) fn names_directory(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    (1..=64).contains(&name.len()) && name.chars().all(fits)
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

    /// A file without a name, on the disk that has the stores. Blocks.
    pub fn nameless_file(&self) -> Result<File, Error> {
        let made = create_dir_all(&self.root).and_then(|()| tempfile::tempfile_in(&self.root));
        made.map_err(|error| Error::Storage(error.into()))
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
                Arc::strong_count(&slot.store) == 1
                    && slot.store.get().is_none_or(|store| Arc::strong_count(store) == 1)
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use openmemory_core::domain::SystemClock;
    use openmemory_core::domain::request::NewMemory;
    use openmemory_core::embedding::TestEmbedder;
    use openmemory_core::engine::{Options, Registry};
    use openmemory_core::storage::Durability;
    use serde_json::json;

    use super::*;

    #[derive(Default)]
    struct Opener {
        registry: Registry,
        open: AtomicUsize,
        most: AtomicUsize,
    }

    impl OpenStore for Opener {
        fn open(&self, directory: &Path) -> Result<Arc<Shared>, Error> {
            self.most.fetch_max(self.open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let options = Options {
                directory: directory.to_owned(),
                durability: Durability::Flush,
                embedder: Arc::new(TestEmbedder).into(),
                clock: Arc::new(SystemClock),
                allow_non_empty: false,
                while_opening: None,
            };
            self.registry.open(options, "test")
        }

        fn release(&self, store: Arc<Shared>) -> Result<(), Error> {
            self.open.fetch_sub(1, Ordering::SeqCst);
            self.registry.release(store)
        }
    }

    #[test]
    fn a_tenants_name_is_a_directorys_on_every_system() {
        for name in ["a", "acme-2", "key_1", &"x".repeat(64)] {
            assert_eq!(Tenant::read(name).unwrap().as_str(), name);
        }
        for name in ["", "A", "a/b", "..", "a b", "é", "a.", &"x".repeat(65)] {
            assert_eq!(Tenant::read(name), None, "{name}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn stores_close_when_too_many_are_open_and_keep_what_they_were_told() {
        let directory = tempfile::tempdir().unwrap();
        let opener = Arc::new(Opener::default());
        let tenants = Tenants::new(directory.path().to_owned(), Arc::clone(&opener) as Arc<dyn OpenStore>, 2);
        let names: Vec<Tenant> = (0..5).map(|n| Tenant::read(&format!("t{n}")).unwrap()).collect();
        let held = tenants.store(&names[0]).await.unwrap();
        for round in 0..2 {
            for name in &names {
                let store = tenants.store(name).await.unwrap();
                assert_eq!(store.stats().unwrap().memories, round);
                store.add(NewMemory::read(json!({ "content": "x" })).unwrap()).await.unwrap();
            }
        }
        // One in use is never closed, however long ago it was asked for.
        assert_eq!(held.stats().unwrap().memories, 2);
        assert!(opener.most.load(Ordering::SeqCst) <= 3);
        drop(held);
        tenants.close().await.unwrap();
        assert_eq!(opener.open.load(Ordering::SeqCst), 0);
        assert!(matches!(tenants.store(&names[0]).await, Err(Error::Closed)));
    }
}

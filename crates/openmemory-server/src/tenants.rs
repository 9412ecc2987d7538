//! Which store is a tenant's? One in a directory of its own: nothing of a tenant is within another's reach, be it an id,
//! a count, a link, a tombstone or a neighbour in the index.

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, create_dir_all};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openmemory_engine::{Directory, Shared};
use openmemory_rules::Error;
use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tracing::Span;

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
    fn open(&self, directory: &Path) -> Result<Arc<Directory>, Error>;
    /// Blocks; the last who lets go closes the engine.
    fn release(&self, store: Arc<Directory>) -> Result<(), Error>;
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
    store: Arc<OnceCell<Arc<Directory>>>,
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
        // What goes wrong with another tenant's store is in the log, and no answer to this one.
        let _ = self.release(surplus).await;
        let open = || async {
            let (opener, directory) = (Arc::clone(&self.opener), tenant.directory(&self.root));
            blocking(move || opener.open(&directory)).await
        };
        cell.get_or_try_init(open).await?.engine().await
    }

    /// Whether all open stores can be written to. One that has failed is opened again where it is time to.
    pub fn all_write(&self) -> bool {
        let open = self.open.lock();
        let stores = open.stores.values().filter_map(|slot| slot.store.get());
        let failed: Vec<&Arc<Directory>> = stores.filter(|store| !store.is_well()).collect();
        failed.iter().for_each(|store| store.heal());
        failed.is_empty()
    }

    /// A file without a name, on the disk that has the stores. Blocks.
    pub fn nameless_file(&self) -> Result<File, Error> {
        let made = create_dir_all(&self.root).and_then(|()| tempfile::tempfile_in(&self.root));
        made.map_err(Error::disk)
    }

    /// Syncs and lets go of every store; none is opened afterwards.
    pub async fn close(&self) -> Result<(), Error> {
        let slots: Vec<(Tenant, Slot)> = {
            let mut open = self.open.lock();
            open.closed = true;
            open.stores.drain().collect()
        };
        let opened = |(tenant, slot): (Tenant, Slot)| Some((tenant, slot.store.get().cloned()?));
        self.release(slots.into_iter().filter_map(opened).collect()).await
    }

    /// Each of them, whatever becomes of the others; the outcome of one that fails, if any does.
    async fn release(&self, stores: Vec<(Tenant, Arc<Directory>)>) -> Result<(), Error> {
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
                    let (tenant, code) = (tenant.as_str(), error.code().as_str());
                    tracing::error!(tenant, code, error = %error, "closing a store");
                }
                outcome = outcome.and(released);
            }
            outcome
        })
        .await
    }
}

impl Opened {
    /// Takes out stores that are in nobody's hands, the longest unused first, until few enough are left.
    fn surplus(&mut self, most: usize) -> Vec<(Tenant, Arc<Directory>)> {
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

/// Runs what may block on a thread for that, in the span of whoever asks.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let span = Span::current();
    spawn_blocking(move || span.in_scope(work)).await.unwrap_or(Err(Error::Internal("a call panicked")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use openmemory_domain::request::NewMemory;
    use openmemory_embedding::TestEmbedder;
    use openmemory_engine::{Options, Registry};
    use serde_json::{Value, json};

    use super::*;
    use crate::log::{self, Level};

    #[derive(Default)]
    struct Opener {
        registry: Registry,
        open: AtomicUsize,
        most: AtomicUsize,
        /// Names of directories that cannot be closed without a fault.
        faulty: Vec<&'static str>,
    }

    impl OpenStore for Opener {
        fn open(&self, directory: &Path) -> Result<Arc<Directory>, Error> {
            self.most.fetch_max(self.open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            self.registry.open(Options::new(directory, Arc::new(TestEmbedder)), "test")
        }

        fn release(&self, store: Arc<Directory>) -> Result<(), Error> {
            self.open.fetch_sub(1, Ordering::SeqCst);
            let faulty = self.faulty.iter().any(|name| store.path().ends_with(name));
            self.registry.release(store)?;
            if faulty { Err(Error::StoreFailed) } else { Ok(()) }
        }
    }

    #[test]
    fn the_name_of_a_tenant_is_one_of_a_directory_on_every_system() {
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

    #[tokio::test(flavor = "multi_thread")]
    async fn a_store_that_cannot_be_closed_is_in_the_log_and_nobody_elses_matter() {
        let directory = tempfile::tempdir().unwrap();
        let opener = Arc::new(Opener { faulty: vec!["t0", "t2"], ..Opener::default() });
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = Arc::clone(&lines);
        // For all threads, since a store is closed on another one. No other test has a store that cannot be closed.
        log::install(Level::Info, move |line| told.lock().push(line.to_owned()));
        let opener_of_tenants = Arc::clone(&opener) as Arc<dyn OpenStore>;
        let tenants = Tenants::new(directory.path().to_owned(), opener_of_tenants, 3);
        let names: Vec<Tenant> = (0..6).map(|n| Tenant::read(&format!("t{n}")).unwrap()).collect();
        // All of them are open at once, so that more than one is surplus later.
        let held = [
            tenants.store(&names[0]).await.unwrap(),
            tenants.store(&names[1]).await.unwrap(),
            tenants.store(&names[2]).await.unwrap(),
            tenants.store(&names[3]).await.unwrap(),
            tenants.store(&names[4]).await.unwrap(),
        ];
        drop(held);
        let store = tenants.store(&names[5]).await.unwrap();
        store.add(NewMemory::read(json!({ "content": "x" })).unwrap()).await.unwrap();
        drop(store);
        assert_eq!(opener.open.load(Ordering::SeqCst), 3, "each that is surplus is let go of");
        let logged = || -> Vec<String> {
            let read = |line: &String| serde_json::from_str::<Value>(line).unwrap();
            let lines = lines.lock();
            let closing = lines.iter().map(read).filter(|line| line["message"] == "closing a store");
            closing.map(|line| line["tenant"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(logged(), ["t0", "t2"]);
        drop(tenants.store(&names[0]).await.unwrap());
        assert!(tenants.close().await.is_err());
        assert_eq!(opener.open.load(Ordering::SeqCst), 0, "the others are closed all the same");
        assert_eq!(logged(), ["t0", "t2", "t0"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_store_that_has_failed_is_opened_again_without_a_request_of_its_tenant() {
        let directory = tempfile::tempdir().unwrap();
        let tenants = Tenants::new(directory.path().to_owned(), Arc::new(Opener::default()), 8);
        let [ann, bob] = ["ann", "bob"].map(|name| Tenant::read(name).unwrap());
        tenants.store(&bob).await.unwrap();
        let store = tenants.store(&ann).await.unwrap();
        store.add(NewMemory::read(json!({ "content": "x" })).unwrap()).await.unwrap();
        assert!(tenants.all_write());
        store.fail();
        drop(store);
        assert!(!tenants.all_write());
        while !tenants.all_write() {
            tenants.store(&bob).await.unwrap();
        }
        assert_eq!(tenants.store(&ann).await.unwrap().stats().unwrap().memories, 1);
        tenants.close().await.unwrap();
    }
}

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::sync::atomic::{AtomicUsize, Ordering};

use openmemory_domain::request::NewMemory;
use openmemory_embedding::TestEmbedder;
use serde_json::json;

use super::*;
use crate::{Options, Registry};

#[derive(Default)]
struct Opener {
    registry: Registry,
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Opener {
    fn options(&self, directory: &Path) -> Options {
        Options::new(directory, Arc::new(TestEmbedder))
    }
}

impl OpenDirectory for Opener {
    fn open(&self, directory: &Path) -> Result<Arc<Directory>, Error> {
        self.most.fetch_max(self.open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        self.registry.open(self.options(directory), "test")
    }

    fn release(&self, store: Arc<Directory>) -> Result<(), Error> {
        self.open.fetch_sub(1, Ordering::SeqCst);
        self.registry.release(store)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_close_when_too_many_are_open_and_keep_what_they_were_told() {
    let directory = tempfile::tempdir().unwrap();
    let opener = Arc::new(Opener::default());
    let tenants = TenantDirectories::new(directory.path().to_owned(), Arc::clone(&opener) as Arc<dyn OpenDirectory>, 2);
    let names: Vec<String> = (0..5).map(|n| format!("t{n}")).collect();
    let held = tenants.store(&names[0]).await.unwrap();
    for round in 0..2 {
        for name in &names {
            let store = tenants.store(name).await.unwrap();
            assert_eq!(store.stats().await.unwrap().memories, round);
            store.add(NewMemory::read(json!({ "content": "x" })).unwrap()).await.unwrap();
        }
    }
    // One in use is never closed, however long ago it was asked for.
    assert_eq!(held.stats().await.unwrap().memories, 2);
    assert!(opener.most.load(Ordering::SeqCst) <= 3);
    drop(held);
    tenants.close().await.unwrap();
    assert_eq!(opener.open.load(Ordering::SeqCst), 0);
    assert!(matches!(tenants.store(&names[0]).await.err(), Some(Error::Closed)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_has_failed_is_opened_again_without_a_request_of_its_tenant() {
    let directory = tempfile::tempdir().unwrap();
    let opener = Arc::new(Opener::default());
    let tenants = TenantDirectories::new(directory.path().to_owned(), Arc::clone(&opener) as Arc<dyn OpenDirectory>, 8);
    tenants.store("bob").await.unwrap();
    let store = tenants.store("ann").await.unwrap();
    store.add(NewMemory::read(json!({ "content": "x" })).unwrap()).await.unwrap();
    drop(store);
    assert!(tenants.all_write());
    let ann = opener.registry.open(opener.options(&directory.path().join("tenants/ann")), "test").unwrap();
    ann.engine().await.unwrap().fail();
    drop(ann);
    assert!(!tenants.all_write());
    while !tenants.all_write() {
        tenants.store("bob").await.unwrap();
    }
    assert_eq!(tenants.store("ann").await.unwrap().stats().await.unwrap().memories, 1);
    tenants.close().await.unwrap();
}

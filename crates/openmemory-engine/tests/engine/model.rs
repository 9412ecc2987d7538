//! Does any sequence of operations return, and leave behind, what a simple in-memory model of the contract says?
//!
//! `npm run test:model -- --steps 50000` runs it for longer, and `--seed` makes other choices.

use std::sync::Arc;

use contract_model::rng::Rng;
use contract_model::{Calls, ManualClock, Subject};
use openmemory_engine::{Directory, EngineStore, Options, Registry};
use openmemory_storage::Durability;

use crate::support::RecordingEmbedder;

struct OneDirectory {
    registry: Registry,
    directory: Arc<Directory>,
    clock: Arc<ManualClock>,
    calls: Calls,
    folder: tempfile::TempDir,
}

impl OneDirectory {
    async fn open(folder: tempfile::TempDir, clock: Arc<ManualClock>) -> Self {
        let registry = Registry::default();
        let options = Options {
            durability: Durability::Interval,
            clock: Arc::clone(&clock) as _,
            ..Options::new(folder.path(), RecordingEmbedder::new("first"))
        };
        let directory = registry.open(options, "recording").unwrap();
        let calls = Calls(Arc::new(EngineStore::new(directory.engine().await.unwrap(), None)));
        Self { registry, directory, clock, calls, folder }
    }
}

impl Subject for OneDirectory {
    fn calls(&self, _: &mut Rng) -> Calls {
        self.calls.clone()
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    async fn reopened(self) -> Self {
        let Self { registry, directory, clock, calls, folder } = self;
        drop(calls);
        registry.release(directory).unwrap();
        Self::open(folder, clock).await
    }

    async fn empty(&self) -> Self {
        Self::open(tempfile::tempdir().unwrap(), Arc::default()).await
    }
}

#[tokio::test]
async fn any_sequence_of_operations_agrees_with_the_model() {
    contract_model::run(OneDirectory::open(tempfile::tempdir().unwrap(), Arc::default()).await, 1500).await;
}

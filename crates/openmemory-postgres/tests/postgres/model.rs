//! Do two servers of one database, in turns, return and keep what a simple in-memory model of the contract says?
//!
//! `npm run test:model -- --postgres --steps 50000` runs it for longer, and `--seed` makes other choices.

use std::sync::Arc;

use contract_model::rng::Rng;
use contract_model::{Calls, ManualClock, Subject};
use openmemory_postgres::{Options, PostgresStores};
use openmemory_rules::contract::Stores;

use crate::server::Server;
use crate::support::options;

struct TwoServers {
    database: Arc<Server>,
    url: String,
    servers: [(PostgresStores, Calls); 2],
    clock: Arc<ManualClock>,
}

impl TwoServers {
    async fn open(database: Arc<Server>, url: String, clock: Arc<ManualClock>) -> Self {
        let stores = || PostgresStores::new(&Options { clock: Arc::clone(&clock) as _, ..options(&url) }).unwrap();
        let calls = async |stores: &PostgresStores| Calls(stores.store("default").await.unwrap());
        let (one, other) = (stores(), stores());
        let (calls_of_one, calls_of_other) = (calls(&one).await, calls(&other).await);
        Self { database, url, servers: [(one, calls_of_one), (other, calls_of_other)], clock }
    }
}

impl Subject for TwoServers {
    fn calls(&self, rng: &mut Rng) -> Calls {
        rng.one(&self.servers).1.clone()
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    async fn reopened(self) -> Self {
        for (stores, _) in &self.servers {
            stores.close().await.unwrap();
        }
        Self::open(self.database, self.url, self.clock).await
    }

    async fn empty(&self) -> Self {
        Self::open(Arc::clone(&self.database), self.database.database(), Arc::default()).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_sequence_of_operations_agrees_with_the_model() {
    let database = Arc::new(Server::start());
    let url = database.database();
    contract_model::run(TwoServers::open(database, url, Arc::default()).await, 1000).await;
}

//! How large is the store, and what is in it?

use openmemory_rules::contract::Stats;

use super::engine::Engine;
use openmemory_rules::{Error, Rows};

impl Engine {
    pub fn stats(&self) -> Result<Stats, Error> {
        let usage = self.partitions.usage();
        let files = self.store.usage()?;
        Ok(Stats {
            memories: self.store.count()?,
            users: usage.users,
            vectors: usage.vectors,
            index_bytes: usage.bytes,
            index_memory: usage.budget,
            bytes_on_disk: files.bytes_on_disk,
            live_bytes: files.live_bytes,
            repaired: self.store.repaired().map(str::to_owned),
            checkpoint_problem: files.checkpoint_problem.map(|problem| problem.to_string()),
            model: self.store.model()?,
            reindexing_to: self.store.reindex()?.map(|reindex| reindex.target),
        })
    }
}

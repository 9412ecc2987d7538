//! How do several threads use the partitions of several users? Here each user's is in memory, behind a lock of its own.

use std::collections::HashMap;

use openmemory_domain::{Dynamics, Timestamp, Validity};
use openmemory_index::{Entry, Partition, Partitions, Query, RankedMemory, Tags, WrongDimensions};
use parking_lot::RwLock;

pub struct MemoryIndex {
    dimensions: usize,
    partitions: RwLock<HashMap<Option<String>, RwLock<Partition>>>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub memories: usize,
    pub vectors: usize,
    pub bytes: usize,
}

impl MemoryIndex {
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions, partitions: RwLock::default() }
    }

    pub fn put(&self, user: Option<&str>, entry: &Entry<'_>) -> Result<(), WrongDimensions> {
        let user = user.map(str::to_owned);
        if let Some(partition) = self.partitions.read().get(&user) {
            return partition.write().put(entry);
        }
        let mut partitions = self.partitions.write();
        let partition = partitions.entry(user).or_insert_with(|| RwLock::new(Partition::new(self.dimensions)));
        partition.get_mut().put(entry)
    }

    pub fn remove(&self, user: Option<&str>, number: u64) -> bool {
        self.change(user, |partition| partition.remove(number)).unwrap_or(false)
    }

    pub fn set_labels(&self, user: Option<&str>, number: u64, tags: &Tags, expires_at: Option<Timestamp>) {
        self.change(user, |partition| partition.set_labels(number, tags, expires_at, &Validity::default()));
    }

    pub fn set_dynamics(&self, user: Option<&str>, number: u64, dynamics: &Dynamics) {
        self.change(user, |partition| partition.set_dynamics(number, dynamics));
    }

    fn change<T>(&self, user: Option<&str>, change: impl FnOnce(&mut Partition) -> T) -> Option<T> {
        self.partitions.read().get(&user.map(str::to_owned)).map(|partition| change(&mut partition.write()))
    }

    /// Searches among all users.
    pub fn search(&self, query: &Query<'_>, take: usize) -> Result<Vec<RankedMemory>, WrongDimensions> {
        openmemory_index::search(self, query, take)
    }

    /// Searches among some users.
    pub fn search_of(
        &self,
        users: &[Option<&str>],
        query: &Query<'_>,
        take: usize,
    ) -> Result<Vec<RankedMemory>, WrongDimensions> {
        openmemory_index::search(&Of { index: self, users }, query, take)
    }

    pub fn nearest(
        &self,
        user: Option<&str>,
        vector: &[f32],
        take: usize,
        floor: f32,
    ) -> Result<Vec<(u64, f32)>, WrongDimensions> {
        self.change(user, |partition| partition.nearest(vector, take, floor)).unwrap_or(Ok(Vec::new()))
    }

    pub fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        for partition in self.partitions.read().values().map(RwLock::read) {
            usage.memories += partition.memories();
            usage.vectors += partition.vectors();
            usage.bytes += partition.bytes();
        }
        usage
    }
}

impl Partitions for MemoryIndex {
    type Error = WrongDimensions;

    fn each(&self, visit: &mut dyn FnMut(&Partition)) -> Result<(), WrongDimensions> {
        self.partitions.read().values().for_each(|partition| visit(&partition.read()));
        Ok(())
    }
}

struct Of<'a> {
    index: &'a MemoryIndex,
    users: &'a [Option<&'a str>],
}

impl Partitions for Of<'_> {
    type Error = WrongDimensions;

    fn each(&self, visit: &mut dyn FnMut(&Partition)) -> Result<(), WrongDimensions> {
        let partitions = self.index.partitions.read();
        let of = self.users.iter().filter_map(|user| partitions.get(&user.map(str::to_owned)));
        of.for_each(|partition| visit(&partition.read()));
        Ok(())
    }
}

//! Which memories of a user lie nearest to a vector?
//!
//! Vectors are held in memory, in one flat slab per user, as one signed byte per
//! dimension and a scale. A search scans the slab of the users it asks about and
//! hands candidates to the caller, who knows the exact vectors and the filter:
//! the bytes find, the exact vectors decide. Nothing here is written to disk.
//!
//! A vector costs its dimensions plus 16 bytes (400 bytes at 384 dimensions), a memory
//! about 80 bytes more, and a user about 250. A slab that has just grown may hold as
//! much again in reserve.

mod partition;
mod quantise;
mod ranked;
mod scan;
mod search;

use std::collections::HashMap;

use parking_lot::RwLock;
use thiserror::Error;

use partition::Partition;
use quantise::{Batch, Probe};
pub use ranked::{Candidate, Ranked};
pub use search::Hit;

/// What a vector stands for: bits 0 to 4 are the sectors in their fixed order,
/// bit 5 is a passage of the text. One vector may stand for several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SectorMask(u8);

impl SectorMask {
    /// A passage of the text, whatever its sectors.
    pub const PASSAGE: Self = Self(1 << 5);

    /// The sector at `index` (0 to 4) in the fixed order of sectors, or `None` beyond it.
    pub const fn sector(index: usize) -> Option<Self> {
        if index < 5 { Some(Self(1 << index)) } else { None }
    }

    /// Everything that either of the two stands for.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two have anything in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Whose memories a search scans.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// Those of these users; `None` are the memories without a `user_id`. Name a user once.
    Users(&'a [Option<&'a str>]),
    /// Those of everybody.
    All,
}

/// A question to the index.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    pub scope: Scope<'a>,
    /// L2-normalised, with the dimensions of the index.
    pub vector: &'a [f32],
    /// Scan only vectors that stand for one of these; `None` scans all.
    pub mask: Option<SectorMask>,
}

/// What the index holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub users: usize,
    pub memories: usize,
    pub vectors: usize,
    /// Allocated bytes, to within a few percent.
    pub bytes: usize,
}

/// A vector of another length than the index was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a vector has {found} dimensions where the index has {expected}")]
pub struct WrongDimensions {
    pub expected: usize,
    pub found: usize,
}

/// All vectors of a store, one partition per user. Shared by reference between threads.
///
/// Every call sees each memory with the vectors of one [`replace`](Self::replace),
/// never a mixture of two. A search holds a partition's lock only while it scans;
/// the walk over the candidates holds none.
pub struct VectorIndex {
    dimensions: usize,
    arch: pulp::Arch,
    partitions: RwLock<HashMap<Option<Box<str>>, RwLock<Partition>>>,
}

impl VectorIndex {
    /// An empty index for vectors of `dimensions` numbers.
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions, arch: pulp::Arch::new(), partitions: RwLock::default() }
    }

    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Makes `vectors` (each L2-normalised) all that the index knows of `memory`.
    /// No vectors at all is the same as [`remove`](Self::remove).
    pub fn replace(
        &self,
        user: Option<&str>,
        memory: u64,
        vectors: &[(&[f32], SectorMask)],
    ) -> Result<(), WrongDimensions> {
        for (vector, _) in vectors {
            self.check(vector)?;
        }
        if vectors.is_empty() {
            self.remove(user, memory);
            return Ok(());
        }
        let batch = Batch::new(memory, vectors);
        let user = user.map(Box::from);
        if let Some(partition) = self.partitions.read().get(&user) {
            partition.write().replace(memory, &batch);
            return Ok(());
        }
        self.partitions
            .write()
            .entry(user)
            .or_insert_with(|| RwLock::new(Partition::new(self.dimensions)))
            .get_mut()
            .replace(memory, &batch);
        Ok(())
    }

    /// Forgets a memory; `false` if it was not there.
    pub fn remove(&self, user: Option<&str>, memory: u64) -> bool {
        let user = user.map(Box::from);
        let (removed, emptied) = match self.partitions.read().get(&user) {
            None => return false,
            Some(partition) => {
                let mut partition = partition.write();
                (partition.remove(memory), partition.is_empty())
            }
        };
        if emptied {
            let mut partitions = self.partitions.write();
            // Another writer may have filled it since.
            if partitions.get_mut(&user).is_some_and(|p| p.get_mut().is_empty()) {
                partitions.remove(&user);
            }
        }
        removed
    }

    /// All memories in scope, best first, found as the caller walks on.
    pub fn ranked(&self, query: &Query<'_>) -> Result<Ranked, WrongDimensions> {
        self.check(query.vector)?;
        let probe = Probe::new(query.vector);
        let mut found = Vec::new();
        let partitions = self.partitions.read();
        let mut scan = |partition: &RwLock<Partition>| {
            partition.read().scan(self.arch, &probe, query.mask, &mut found);
        };
        match query.scope {
            Scope::All => partitions.values().for_each(&mut scan),
            Scope::Users(users) => {
                users.iter().filter_map(|user| partitions.get(&user.map(Box::from))).for_each(&mut scan)
            }
        }
        drop(partitions);
        Ok(Ranked::new(found))
    }

    /// What is held now.
    pub fn usage(&self) -> Usage {
        let partitions = self.partitions.read();
        let mut usage = Usage { users: partitions.len(), ..Usage::default() };
        for (user, partition) in partitions.iter() {
            let partition = partition.read();
            usage.memories += partition.memories();
            usage.vectors += partition.vectors();
            usage.bytes += partition.bytes() + user.as_deref().map_or(0, str::len);
        }
        usage
    }

    fn check(&self, vector: &[f32]) -> Result<(), WrongDimensions> {
        if vector.len() == self.dimensions {
            return Ok(());
        }
        Err(WrongDimensions { expected: self.dimensions, found: vector.len() })
    }
}

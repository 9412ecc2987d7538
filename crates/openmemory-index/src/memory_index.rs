//! How do threads share the memories of a store? In one locked partition per user.

use std::collections::{HashMap, HashSet};

use openmemory_domain::{Dynamics, Timestamp};
use parking_lot::RwLock;
use thiserror::Error;

use crate::cosine_scale::CosineScale;
use crate::document::{self, Entry, Indexed};
use crate::lexical::{QueryWords, Totals};
use crate::partition::Partition;
use crate::prepared_query::PreparedQuery;
use crate::quantise::QueryVector;
use crate::query::{Query, RankedMemory, Scope};
use crate::query_names;
use crate::score::Features;
use crate::top_k::TopK;
use crate::words;

/// The size of the index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub users: usize,
    pub memories: usize,
    pub vectors: usize,
    /// Approximate allocated bytes.
    pub bytes: usize,
}

/// A vector whose length differs from that of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a vector has {found} dimensions, but the index has {expected}")]
pub struct WrongDimensions {
    pub expected: usize,
    pub found: usize,
}

/// The most words of a query that are matched with a tag.
const TAG_WORDS: usize = 4;

/// All memories of a store, one partition per user. Threads share it by reference.
///
/// Every call sees a memory in a state that one [`replace`](Self::replace) wrote, never a mixture.
pub struct MemoryIndex {
    dimensions: usize,
    arch: pulp::Arch,
    partitions: RwLock<HashMap<Option<Box<str>>, RwLock<Partition>>>,
}

impl MemoryIndex {
    /// An empty index for vectors of `dimensions` numbers.
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions, arch: pulp::Arch::new(), partitions: RwLock::default() }
    }

    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Replaces all that is indexed of a memory. A memory without vectors is removed.
    pub fn replace(&self, entry: &Entry<'_>) -> Result<(), WrongDimensions> {
        self.put(&self.prepare(entry)?);
        Ok(())
    }

    /// The first half of [`replace`](Self::replace), which needs no lock and can run in parallel.
    pub fn prepare(&self, entry: &Entry<'_>) -> Result<Indexed, WrongDimensions> {
        entry.vectors.iter().try_for_each(|(vector, _)| self.check(vector))?;
        Ok(Indexed::new(entry))
    }

    /// The second half of [`replace`](Self::replace).
    pub fn put(&self, indexed: &Indexed) {
        if indexed.vectors.rows.is_empty() {
            self.remove(indexed.user.as_deref(), indexed.number);
            return;
        }
        if let Some(partition) = self.partitions.read().get(&indexed.user) {
            partition.write().replace(indexed);
            return;
        }
        let mut partitions = self.partitions.write();
        let user = indexed.user.clone();
        let partition = partitions.entry(user).or_insert_with(|| RwLock::new(Partition::new(self.dimensions)));
        partition.get_mut().replace(indexed);
    }

    /// Changes tags and expiry without touching text and vectors.
    pub fn describe(&self, user: Option<&str>, number: u64, tags: &[String], expires_at: Option<Timestamp>) {
        let tags = document::tags(tags);
        self.change(user, |partition| partition.describe(number, &tags, expires_at));
    }

    /// Changes salience and feedback.
    pub fn set_dynamics(&self, user: Option<&str>, number: u64, dynamics: &Dynamics) {
        self.change(user, |partition| partition.set_dynamics(number, dynamics));
    }

    fn change(&self, user: Option<&str>, change: impl FnOnce(&mut Partition)) {
        if let Some(partition) = self.partitions.read().get(&user.map(Box::from)) {
            change(&mut partition.write());
        }
    }

    /// Removes a memory; `false` if it was not indexed.
    pub fn remove(&self, user: Option<&str>, number: u64) -> bool {
        let user = user.map(Box::from);
        let (removed, emptied) = match self.partitions.read().get(&user) {
            None => return false,
            Some(partition) => {
                let mut partition = partition.write();
                (partition.remove(number), partition.is_empty())
            }
        };
        if emptied {
            let mut partitions = self.partitions.write();
            // Another thread may have added a memory since.
            if partitions.get_mut(&user).is_some_and(|p| p.get_mut().is_empty()) {
                partitions.remove(&user);
            }
        }
        removed
    }

    /// The `take` best memories, best first, ties by number.
    pub fn search(&self, query: &Query<'_>, take: usize) -> Result<Vec<RankedMemory>, WrongDimensions> {
        self.check(query.vector)?;
        let totals = self.totals(query.scope);
        let mut words = QueryWords::new(query.text, totals);
        self.each(query.scope, |partition| words.count(partition.lexical()));
        let unread = if query.multilingual { 0.0 } else { words::foreign_share(query.text) };
        let cosine_scale = CosineScale::new(query.spread, unread);
        let prepared = PreparedQuery {
            words,
            phrases: phrases(query.text),
            vector: QueryVector::new(query.vector).scaled(cosine_scale.factor),
            cosine_scale,
            features: Features::for_memories(totals.memories),
            mask: query.mask,
            not_expired_at: (!query.show_expired).then_some(query.now),
            now: query.now,
            candidates: query.candidates,
        };
        let mut best = TopK::new(take);
        self.each(query.scope, |partition| partition.search(self.arch, &prepared, &mut best));
        Ok(best.into_sorted())
    }

    /// The number of vectors that a search in this scope compares.
    pub fn vectors(&self, scope: Scope<'_>) -> usize {
        let mut vectors = 0;
        self.each(scope, |partition| vectors += partition.vectors());
        vectors
    }

    /// The `take` nearest of a user's memories with a cosine to `vector` of at least `floor`, nearest first. In a large
    /// partition the search is approximate and may miss one (`simhash.rs`).
    pub fn nearest(
        &self,
        user: Option<&str>,
        vector: &[f32],
        take: usize,
        floor: f32,
    ) -> Result<Vec<(u64, f32)>, WrongDimensions> {
        self.check(vector)?;
        let query = QueryVector::new(vector);
        let mut best = TopK::new(take);
        self.each(Scope::Users(&[user]), |partition| partition.nearest(self.arch, &query, floor, &mut best));
        Ok(best.into_sorted())
    }

    /// The query to embed: without names that are common in the scope.
    pub fn without_names(&self, scope: Scope<'_>, query: &str) -> String {
        let totals = self.totals(scope);
        query_names::without_names(query, totals.memories, |word| {
            let mut count = 0;
            self.each(scope, |partition| count += partition.lexical().memories_with_word(word, &totals));
            count
        })
    }

    fn totals(&self, scope: Scope<'_>) -> Totals {
        let mut totals = Totals::default();
        self.each(scope, |partition| totals.add(partition.totals()));
        totals
    }

    fn each(&self, scope: Scope<'_>, mut visit: impl FnMut(&Partition)) {
        let partitions = self.partitions.read();
        match scope {
            Scope::All => partitions.values().for_each(|partition| visit(&partition.read())),
            Scope::Users(users) => users
                .iter()
                .filter_map(|user| partitions.get(&user.map(Box::from)))
                .for_each(|partition| visit(&partition.read())),
        }
    }

    /// The current size.
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

/// The phrases of a query that may name a tag: one to four consecutive words.
fn phrases(query: &str) -> HashSet<String> {
    let words = words::phrase_words(query);
    (1..=TAG_WORDS).flat_map(|count| words.windows(count)).map(|words| words.join(" ")).collect()
}

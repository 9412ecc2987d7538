//! Which texts did memories have before? They are ranked like current ones, in a partition of their own, in which each has a
//! number that no memory has.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

use openmemory_domain::{ContentHash, ModelTag, Version};
use openmemory_index::{Entry, Partition, Tags, Terms, WrongDimensions};
use openmemory_rules::{Error, Number, Rows};

use crate::index_entry::vectors;

/// The newest texts of a memory that are kept.
const MAX_TEXTS_OF_MEMORY: usize = 16;

/// Set in the numbers of replaced texts, so that none is the number of a memory.
const IS_PAST: u64 = 1 << 63;

/// Counts the replaced texts of the process, so that those of two users differ.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// The replaced texts of one user.
pub struct PastTexts {
    partition: Partition,
    memories: HashMap<u64, Number>,
    of_memory: HashMap<Number, Vec<u64>>,
}

impl PastTexts {
    pub fn new(dimensions: usize) -> Self {
        Self { partition: Partition::new(dimensions), memories: HashMap::new(), of_memory: HashMap::new() }
    }

    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// Whether the number is that of a replaced text.
    pub fn is_past(number: u64) -> bool {
        number & IS_PAST != 0
    }

    /// The memory of a replaced text.
    pub fn memory(&self, number: u64) -> Option<Number> {
        self.memories.get(&number).copied()
    }

    /// Takes the replaced versions of a memory, newest first.
    pub fn put_versions(
        &mut self,
        rows: &impl Rows,
        model: ModelTag,
        number: Number,
        versions: impl IntoIterator<Item = Version>,
    ) -> Result<(), Error> {
        let mut versions = versions.into_iter().peekable();
        if versions.peek().is_none() {
            return Ok(());
        }
        // The memory may have been deleted meanwhile.
        let Some(head) = rows.head(number)? else { return Ok(()) };
        let Some(dynamics) = rows.dynamics(number, &head.scope)? else { return Ok(()) };
        let mut seen: HashSet<ContentHash> = HashSet::from([head.content]);
        for version in versions {
            if seen.len() > MAX_TEXTS_OF_MEMORY || !seen.insert(version.content) {
                continue;
            }
            let Some(content) = rows.content(number, version.content)? else { continue };
            let embedding = rows.replaced_embedding(number, version.content)?;
            let embedding = embedding.filter(|embedding| embedding.model == model);
            // One that came with an import, or was embedded by a former model, is about the same as the newest text.
            let newest = match embedding {
                Some(_) => None,
                None => rows.indexed_text(number, &head.scope)?.map(|text| text.embedding),
            };
            let newest = newest.filter(|embedding| embedding.model == model);
            let Some(embedding) = embedding.as_ref().or(newest.as_deref()) else { continue };
            let entry = Entry {
                number: 0,
                run: None,
                content: version.content,
                terms: &Terms::of(&content),
                tags: Tags::of(version.tags.as_slice()),
                created_at: version.created_at,
                expires_at: None,
                validity: version.validity,
                dynamics: &dynamics,
                vectors: vectors(embedding, &version.sectors()),
            };
            self.put(number, entry).map_err(|_| Error::Internal("a vector of another model's dimensions"))?;
        }
        Ok(())
    }

    fn put(&mut self, memory: Number, mut entry: Entry<'_>) -> Result<(), WrongDimensions> {
        entry.number = IS_PAST | NEXT.fetch_add(1, Ordering::Relaxed);
        self.partition.put(&entry)?;
        self.memories.insert(entry.number, memory);
        self.of_memory.entry(memory).or_default().push(entry.number);
        Ok(())
    }

    pub fn remove(&mut self, memory: Number) {
        for number in self.of_memory.remove(&memory).unwrap_or_default() {
            self.memories.remove(&number);
            self.partition.remove(number);
        }
    }

    pub fn bytes(&self) -> usize {
        self.partition.bytes()
            + self.memories.capacity() * size_of::<(u64, Number)>()
            + self.of_memory.capacity() * size_of::<(Number, Vec<u64>)>()
            + self.memories.len() * size_of::<u64>()
    }
}

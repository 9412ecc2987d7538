//! How is a replaced text numbered in a partition? By a number of its own, which no memory has.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use openmemory_index::{Entry, Partition, WrongDimensions};
use openmemory_rules::Number;

/// Set in the numbers of replaced texts, so that none is the number of a memory.
const IS_PAST: u64 = 1 << 63;

/// Counts the replaced texts of the process, so that those of two users differ.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// The replaced texts of one user.
pub(super) struct PastTexts {
    pub(super) partition: Partition,
    memories: HashMap<u64, Number>,
    of_memory: HashMap<Number, Vec<u64>>,
}

impl PastTexts {
    pub(super) fn new(dimensions: usize) -> Self {
        Self { partition: Partition::new(dimensions), memories: HashMap::new(), of_memory: HashMap::new() }
    }

    /// Whether the number is that of a replaced text.
    pub(super) fn is_past(number: u64) -> bool {
        number & IS_PAST != 0
    }

    /// The memory of a replaced text.
    pub(super) fn memory(&self, number: u64) -> Option<Number> {
        self.memories.get(&number).copied()
    }

    pub(super) fn put(&mut self, memory: Number, mut entry: Entry<'_>) -> Result<(), WrongDimensions> {
        entry.number = IS_PAST | NEXT.fetch_add(1, Ordering::Relaxed);
        self.partition.put(&entry)?;
        self.memories.insert(entry.number, memory);
        self.of_memory.entry(memory).or_default().push(entry.number);
        Ok(())
    }

    pub(super) fn remove(&mut self, memory: Number) {
        for number in self.of_memory.remove(&memory).unwrap_or_default() {
            self.memories.remove(&number);
            self.partition.remove(number);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.partition.bytes()
            + self.memories.capacity() * size_of::<(u64, Number)>()
            + self.of_memory.capacity() * size_of::<(Number, Vec<u64>)>()
            + self.memories.len() * size_of::<u64>()
    }
}

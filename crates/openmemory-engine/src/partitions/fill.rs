//! How is a partition filled from the rows of a user?

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use openmemory_calls::index_entry::put;
use openmemory_domain::ModelIdentity;
use openmemory_index::{KnownTags, Partition, Tags};
use openmemory_rules::{Error, Number, Rows};
use openmemory_storage::{IndexedMemory, StorageError, Store};

type Memories = Result<Vec<IndexedMemory>, StorageError>;

/// Memories that are read together.
const READ_TOGETHER: usize = 128;
/// A user with more memories than this is read by a thread of its own.
const MANY_MEMORIES: usize = 4096;
/// How many of these batches may be read before they are needed.
const READ_AHEAD: usize = 2;

/// The partition of a user, unless `stop` is set. It lacks memories without vectors of `model`: a reindex is in progress,
/// which lets the partitions go at its end. Many memories are read on another thread than the one that indexes them.
pub(super) fn fill(
    store: &Store,
    user: Option<&str>,
    model: &ModelIdentity,
    stop: &AtomicBool,
) -> Result<Partition, Error> {
    let (mut partition, tag) = (Partition::new(model.dimensions), model.tag());
    let mut known_tags = KnownTags::default();
    let mut put_all = |memories: Memories| -> Result<(), Error> {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Closed);
        }
        let memories = memories?.into_iter().filter(|memory| memory.text.embedding.model == tag);
        memories.into_iter().try_for_each(|IndexedMemory { number, labels, dynamics, text }| {
            let tags = known_tags.tags(labels.tags.as_slice());
            put(&mut partition, number, &labels, tags, &dynamics, &text)
        })
    };
    let mut memories = store.indexed_memories(user);
    let mut is_all = false;
    for _ in 0..MANY_MEMORIES / READ_TOGETHER {
        let batch: Memories = memories.by_ref().take(READ_TOGETHER).collect();
        is_all = batch.as_ref().is_ok_and(|batch| batch.len() < READ_TOGETHER);
        put_all(batch)?;
        if is_all {
            break;
        }
    }
    if !is_all {
        thread::scope(|threads| {
            let (read, batches) = sync_channel(READ_AHEAD);
            let reader = move || {
                loop {
                    let batch: Memories = memories.by_ref().take(READ_TOGETHER).collect();
                    let is_last = batch.as_ref().map_or(true, |batch| batch.len() < READ_TOGETHER);
                    if read.send(batch).is_err() || is_last {
                        return;
                    }
                }
            };
            thread::Builder::new()
                .name("openmemory-read".into())
                .spawn_scoped(threads, reader)
                .map_err(StorageError::from)?;
            batches.into_iter().try_for_each(&mut put_all)
        })?;
    }
    Ok(partition)
}

/// Reads memories again that were changed since they were read.
pub(super) fn refresh(
    store: &Store,
    user: Option<&str>,
    partition: &mut Partition,
    changed: &HashSet<Number>,
) -> Result<(), Error> {
    let model = store.model()?.map(|model| model.tag());
    for number in changed {
        let memory = store.indexed_memory(user, *number)?;
        match memory.filter(|memory| Some(memory.text.embedding.model) == model) {
            Some(memory) => {
                let tags = Tags::of(memory.labels.tags.as_slice());
                put(partition, *number, &memory.labels, tags, &memory.dynamics, &memory.text)?;
            }
            None => {
                partition.remove(number.0);
            }
        }
    }
    Ok(())
}

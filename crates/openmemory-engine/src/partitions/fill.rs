//! How is a partition filled from the rows of a user?

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use openmemory_domain::{Dynamics, ModelIdentity, Sector};
use openmemory_index::{Entry, Partition, SectorMask, Terms};
use openmemory_rules::{Error, IndexedText, Labels, Number, Rows};
use openmemory_storage::Store;

/// The partition of a user, unless `stop` is set. It lacks memories without vectors of `model`: a reindex is in progress,
/// which lets the partitions go at its end.
pub(super) fn fill(
    store: &Store,
    user: Option<&str>,
    model: &ModelIdentity,
    stop: &AtomicBool,
) -> Result<Partition, Error> {
    let (mut partition, tag) = (Partition::new(model.dimensions), model.tag());
    for memory in store.indexed_memories(user) {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Closed);
        }
        let memory = memory?;
        if memory.text.embedding.model == tag {
            put(&mut partition, memory.number, &memory.labels, &memory.dynamics, &memory.text)?;
        }
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
            Some(memory) => put(partition, *number, &memory.labels, &memory.dynamics, &memory.text)?,
            None => {
                partition.remove(number.0);
            }
        }
    }
    Ok(())
}

/// Indexes a memory.
pub(super) fn put(
    partition: &mut Partition,
    number: Number,
    labels: &Labels,
    dynamics: &Dynamics,
    text: &IndexedText,
) -> Result<(), Error> {
    let terms = Terms::decode(text.words.as_bytes()).map_err(|_| Error::Internal("terms of another version"))?;
    let role = |(vector, sectors, passage): (_, Vec<Sector>, bool)| {
        let mask = SectorMask::of(&sectors);
        (vector, if passage { mask.union(SectorMask::PASSAGE) } else { mask })
    };
    let entry = Entry {
        number: number.0,
        run: labels.run.as_deref(),
        content: text.content,
        terms: &terms,
        tags: labels.tags.as_slice(),
        created_at: labels.created_at,
        expires_at: labels.expires_at,
        dynamics,
        vectors: text.embedding.roles(&labels.sectors).into_iter().map(role).collect(),
    };
    partition.put(&entry).map_err(|_| Error::Internal("a vector of another model's dimensions"))
}

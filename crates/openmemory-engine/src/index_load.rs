//! How does an index come to hold what a store holds? One thread reads the memories, several prepare them, and one puts them
//! into the index, so that what stays in memory is not among what is needed for a moment.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Scope};

use parking_lot::Mutex;

use super::index_document::entry;
use openmemory_domain::{Embedding, Memory, ModelTag, Version};
use openmemory_index::{Indexed, MemoryIndex};
use openmemory_rules::{Error, Number, Rows};
use openmemory_storage::{StorageError, Store};

/// Threads that prepare: cutting texts into words takes most of the time. More would wait for the one that puts.
const CUTTERS: usize = 4;
/// Memories that are passed on together, and prepared ones that may wait to be put.
const TOGETHER: usize = 64;
/// So often [`TOGETHER`] may wait to be prepared.
const QUEUE_DEPTH: usize = 4;

/// A store on its way into an index: the vectors of one model.
pub(super) struct IndexLoad<'a> {
    pub store: &'a Store,
    pub model: ModelTag,
    pub index: &'a MemoryIndex,
}

/// A memory as its rows tell it.
type LoadedMemory = (Number, Memory, Embedding);
type Prepared = Result<Indexed, Error>;

impl IndexLoad<'_> {
    /// Reads every memory, unless it is told to stop, and then does `then`, to which the threads stay: what they have
    /// allocated and is freed there goes back to the system when they end.
    pub(super) fn read_all(&self, stop: &AtomicBool, then: impl FnOnce(Result<(), Error>)) {
        let end = Mutex::new(());
        let cutters = thread::available_parallelism().map_or(1, usize::from).min(CUTTERS);
        thread::scope(|scope| {
            let _not_yet = end.lock();
            let (ready, prepared) = sync_channel(TOGETHER);
            let (read, whole) = sync_channel(QUEUE_DEPTH);
            // Gone with the last who prepares: then the one who reads has nobody to read for.
            let whole = Arc::new(Mutex::new(whole));
            let mut result = Ok(());
            for number in 0..cutters {
                let (whole, ready) = (Arc::clone(&whole), ready.clone());
                let prepare = move || or_tell(ready, |ready| self.prepare_all(&whole, ready));
                if let (Err(error), 0) = (start(scope, "openmemory-cutter", &end, prepare), number) {
                    result = Err(error);
                }
            }
            drop(whole);
            let read = move || {
                or_tell(ready, |_| self.read_each(read, stop));
                if !stop.load(Ordering::Relaxed) {
                    // What was read for the index alone; the next checkpoint would let go of it too.
                    let _ = self.store.evict_pages();
                }
            };
            if let Err(error) = start(scope, "openmemory-reader", &end, read) {
                result = Err(error);
            }
            for indexed in prepared {
                match indexed {
                    Ok(indexed) => self.index.put(&indexed),
                    Err(error) => result = Err(error),
                }
            }
            then(result);
        });
    }

    /// One thread, since sled allocates what it keeps of each page where the page is read: with more of them it would lie
    /// scattered among what several have freed.
    fn read_each(&self, read: SyncSender<Vec<LoadedMemory>>, stop: &AtomicBool) -> Result<(), Error> {
        let mut together = Vec::with_capacity(TOGETHER);
        for head in self.store.heads() {
            if stop.load(Ordering::Relaxed) {
                return Err(Error::Closed);
            }
            let (number, version) = head?;
            together.extend(self.whole(number, version)?);
            if together.len() == TOGETHER && read.send(std::mem::take(&mut together)).is_err() {
                return Ok(());
            }
        }
        // Nobody is there to take it only after a failure that was told.
        let _ = read.send(together);
        Ok(())
    }

    fn prepare_all(
        &self,
        whole: &Mutex<Receiver<Vec<LoadedMemory>>>,
        ready: &SyncSender<Prepared>,
    ) -> Result<(), Error> {
        loop {
            let Ok(together) = whole.lock().recv() else { return Ok(()) };
            for whole in &together {
                if ready.send(Ok(self.prepare(whole)?)).is_err() {
                    return Ok(());
                }
            }
        }
    }

    /// Makes the index hold what has become of some memories since they were read.
    pub(super) fn read_again(&self, touched: &HashSet<(Option<String>, Number)>) -> Result<(), Error> {
        for (user, number) in touched {
            match self.store.head(*number)? {
                Some(version) => {
                    if let Some(whole) = self.whole(*number, version)? {
                        self.index.put(&self.prepare(&whole)?);
                    }
                }
                None => {
                    self.index.remove(user.as_deref(), number.0);
                }
            }
        }
        Ok(())
    }

    /// None for a memory that has no vectors of this model: a change of model is under way, which fills the index again
    /// at its end.
    fn whole(&self, number: Number, version: Version) -> Result<Option<LoadedMemory>, Error> {
        let embedding =
            self.store.embedding(number, version.content)?.filter(|embedding| embedding.model == self.model);
        let rows = (embedding, self.store.content(number, version.content)?, self.store.dynamics(number)?);
        let (Some(embedding), Some(content), Some(dynamics)) = rows else { return Ok(None) };
        Ok(Some((number, Memory { now: version.updated_at, version, content, dynamics }, embedding)))
    }

    fn prepare(&self, (number, memory, embedding): &LoadedMemory) -> Prepared {
        let prepared = self.index.prepare(&entry(*number, memory, embedding));
        prepared.map_err(|_| Error::Internal("a vector of another model's dimensions"))
    }
}

/// Does `work` on a thread, which stays until nobody holds `end`.
fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    end: &'scope Mutex<()>,
    work: impl FnOnce() + Send + 'scope,
) -> Result<(), Error> {
    let work = move || {
        work();
        drop(end.lock());
    };
    let started = thread::Builder::new().name(name.into()).spawn_scoped(scope, work);
    started.map(drop).map_err(|error| Error::from(StorageError::from(error)))
}

/// Does `work`, and tells `ready` if it fails.
fn or_tell(ready: SyncSender<Prepared>, work: impl FnOnce(&SyncSender<Prepared>) -> Result<(), Error>) {
    let failure = match catch_unwind(AssertUnwindSafe(|| work(&ready))) {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error,
        Err(_) => Error::Internal("reading for the index panicked"),
    };
    // Who does not hear it has failed already.
    let _ = ready.send(Err(failure));
}

//! How does an index come to hold what a store holds? Several threads read the memories and prepare them; one puts them
//! into the index, so that what stays in memory is not among what is needed for a moment.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use parking_lot::Mutex;

use super::entry::entry;
use super::error::Error;
use crate::domain::{Memory, ModelTag, Version};
use crate::index::{Indexed, MemoryIndex};
use crate::storage::{Number, Records, StorageError, Store};

/// Threads that read: cutting texts into words takes most of the time. More would wait for the one that puts.
const READERS: usize = 4;
/// Memories that a reader takes at once, and those that may wait to be put.
const TOGETHER: usize = 64;

/// A store on its way into an index: the vectors of one model.
pub(super) struct Filling<'a> {
    pub store: &'a Store,
    pub model: ModelTag,
    pub index: &'a MemoryIndex,
}

type Head = Result<(Number, Version), StorageError>;
/// What is still to be read.
type Heads<I> = Mutex<Option<I>>;
type Prepared = Result<Indexed, Error>;

impl Filling<'_> {
    /// Reads every memory, unless it is told to stop, and then does `then`, to which the readers' threads stay: what they
    /// have allocated and is freed there goes back to the system when they end.
    pub(super) fn read_all(&self, stop: &AtomicBool, then: impl FnOnce(Result<(), Error>)) {
        let heads = Mutex::new(Some(self.store.heads()));
        let end = Mutex::new(());
        let readers = thread::available_parallelism().map_or(1, usize::from).min(READERS);
        thread::scope(|scope| {
            let _not_yet = end.lock();
            let (ready, prepared) = sync_channel(TOGETHER);
            let mut result = Ok(());
            for number in 0..readers {
                let (ready, heads, end) = (ready.clone(), &heads, &end);
                let read = move || {
                    self.prepare_all(heads, ready, stop);
                    drop(end.lock());
                };
                let started = thread::Builder::new().name("openmemory-reader".into()).spawn_scoped(scope, read);
                if let (0, Err(error)) = (number, started) {
                    result = Err(Error::Storage(error.into()));
                }
            }
            drop(ready);
            for indexed in prepared {
                match indexed {
                    Ok(indexed) => self.index.put(&indexed),
                    Err(error) => result = Err(error),
                }
            }
            then(result);
        });
    }

    /// Prepares memories as long as there are any. Where one cannot be read none is left, for other readers too.
    fn prepare_all(&self, heads: &Heads<impl Iterator<Item = Head>>, ready: SyncSender<Prepared>, stop: &AtomicBool) {
        let prepare = AssertUnwindSafe(|| self.prepare_some(heads, &ready, stop));
        let failure = match catch_unwind(prepare) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(_) => Error::Internal("reading for the index panicked"),
        };
        *heads.lock() = None;
        // Who does not hear it has failed already.
        let _ = ready.send(Err(failure));
    }

    fn prepare_some(
        &self,
        heads: &Heads<impl Iterator<Item = Head>>,
        ready: &SyncSender<Prepared>,
        stop: &AtomicBool,
    ) -> Result<(), Error> {
        loop {
            let some: Vec<Head> = heads.lock().iter_mut().flat_map(|heads| heads.take(TOGETHER)).collect();
            if some.is_empty() {
                return Ok(());
            }
            for head in some {
                if stop.load(Ordering::Relaxed) {
                    return Err(Error::Closed);
                }
                let (number, version) = head?;
                if let Some(indexed) = self.prepare(number, version)?
                    && ready.send(Ok(indexed)).is_err()
                {
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
                    if let Some(indexed) = self.prepare(*number, version)? {
                        self.index.put(&indexed);
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
    fn prepare(&self, number: Number, version: Version) -> Result<Option<Indexed>, Error> {
        let embedding =
            self.store.embedding(number, version.content)?.filter(|embedding| embedding.model == self.model);
        let rows = (embedding, self.store.content(number, version.content)?, self.store.dynamics(number)?);
        let (Some(embedding), Some(content), Some(dynamics)) = rows else { return Ok(None) };
        let memory = Memory { now: version.updated_at, version, content, dynamics };
        let prepared = self.index.prepare(&entry(number, &memory, &embedding));
        prepared.map(Some).map_err(|_| Error::Internal("a vector of another model's dimensions"))
    }
}

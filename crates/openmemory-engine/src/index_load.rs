//! How is the index loaded from the store? One thread reads the memories, several tokenize them, and one inserts them,
//! so that allocations that stay are not scattered among temporary ones.

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

/// Maximum number of tokenizer workers, which take most of the time. More would wait for the thread that inserts.
const MAX_TOKENIZERS: usize = 4;
/// Memories per batch, and prepared memories that may wait to be inserted.
const BATCH: usize = 64;
/// Batches that may wait for a tokenizer worker.
const QUEUE_DEPTH: usize = 4;

/// Loads the memories of a store that have vectors of one model.
pub(super) struct IndexLoad<'a> {
    pub store: &'a Store,
    pub model: ModelTag,
    pub index: &'a MemoryIndex,
}

/// A memory as read from its rows.
type LoadedMemory = (Number, Memory, Embedding);
type Prepared = Result<Indexed, Error>;

impl IndexLoad<'_> {
    /// Loads every memory, unless `stop` is set, and then calls `then`. The threads live until `then` returns, so that
    /// memory that they allocated and that is freed there returns to the system when they end.
    pub(super) fn load_all(&self, stop: &AtomicBool, then: impl FnOnce(Result<(), Error>)) {
        let end = Mutex::new(());
        let tokenizers = thread::available_parallelism().map_or(1, usize::from).min(MAX_TOKENIZERS);
        thread::scope(|scope| {
            let _keep_threads = end.lock();
            let (ready, prepared) = sync_channel(BATCH);
            let (batches, loaded) = sync_channel(QUEUE_DEPTH);
            // Dropped by the last tokenizer worker, which ends the reader.
            let loaded = Arc::new(Mutex::new(loaded));
            let mut result = Ok(());
            for number in 0..tokenizers {
                let (loaded, ready) = (Arc::clone(&loaded), ready.clone());
                let prepare = move || or_report(ready, |ready| self.prepare_all(&loaded, ready));
                if let (Err(error), 0) = (start(scope, "openmemory-tokenizer", &end, prepare), number) {
                    result = Err(error);
                }
            }
            drop(loaded);
            let read = move || {
                or_report(ready, |_| self.read_all(batches, stop));
                if !stop.load(Ordering::Relaxed) {
                    // Evicts the pages that were read only for the index, before the next checkpoint does.
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

    /// Runs on one thread: sled allocates cached pages on the thread that reads them, and several threads would
    /// fragment that memory.
    fn read_all(&self, batches: SyncSender<Vec<LoadedMemory>>, stop: &AtomicBool) -> Result<(), Error> {
        let mut batch = Vec::with_capacity(BATCH);
        for head in self.store.heads() {
            if stop.load(Ordering::Relaxed) {
                return Err(Error::Closed);
            }
            let (number, version) = head?;
            batch.extend(self.load(number, version)?);
            if batch.len() == BATCH && batches.send(std::mem::take(&mut batch)).is_err() {
                return Ok(());
            }
        }
        // Sending fails only after an error that was reported.
        let _ = batches.send(batch);
        Ok(())
    }

    fn prepare_all(
        &self,
        loaded: &Mutex<Receiver<Vec<LoadedMemory>>>,
        ready: &SyncSender<Prepared>,
    ) -> Result<(), Error> {
        loop {
            let Ok(batch) = loaded.lock().recv() else { return Ok(()) };
            for memory in &batch {
                if ready.send(Ok(self.prepare(memory)?)).is_err() {
                    return Ok(());
                }
            }
        }
    }

    /// Loads memories again that were changed since they were read.
    pub(super) fn reload(&self, touched: &HashSet<(Option<String>, Number)>) -> Result<(), Error> {
        for (user, number) in touched {
            match self.store.head(*number)? {
                Some(version) => {
                    if let Some(memory) = self.load(*number, version)? {
                        self.index.put(&self.prepare(&memory)?);
                    }
                }
                None => {
                    self.index.remove(user.as_deref(), number.0);
                }
            }
        }
        Ok(())
    }

    /// `None` for a memory without vectors of this model: a reindex is in progress, which loads the index again at its
    /// end.
    fn load(&self, number: Number, version: Version) -> Result<Option<LoadedMemory>, Error> {
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

/// Runs `work` on a thread, which then stays until `end` is unlocked.
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

/// Runs `work`, and sends its error to `ready`.
fn or_report(ready: SyncSender<Prepared>, work: impl FnOnce(&SyncSender<Prepared>) -> Result<(), Error>) {
    let failure = match catch_unwind(AssertUnwindSafe(|| work(&ready))) {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error,
        Err(_) => Error::Internal("loading the index panicked"),
    };
    // The receiver is gone only after an earlier failure.
    let _ = ready.send(Err(failure));
}

//! How does a store become usable? Open the directory, fill the index beside the first calls, close in order.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::feed::Feed;
use super::hit_cache::HitCache;
use super::index_state::IndexHandle;
use super::model::Model;
use super::reinforcement::pending::PendingReinforcements;
use openmemory_domain::{Clock, MemoryId, SystemClock, Timestamp};
use openmemory_embedding::{EmbedderSource, EmbeddingService};
use openmemory_rules::{Error, Rows};
use openmemory_storage::{Durability, SizeLimits, StorageError, Store, StoreOptions};

/// Begins something that ends when it is dropped.
type Guard = Arc<dyn Fn() -> Box<dyn Send> + Send + Sync>;

/// How a directory is opened. [`Options::new`] has the defaults.
#[derive(Clone)]
pub struct Options {
    /// Made if it is not there.
    pub directory: PathBuf,
    /// When a change is on disk; by default before it is answered.
    pub durability: Durability,
    /// How large the log grows; small bounds make small stores live through much.
    pub bounds: SizeLimits,
    /// Whether a new store may be made in a directory that holds other things.
    pub allow_non_empty: bool,
    pub embedder: EmbedderSource,
    pub clock: Arc<dyn Clock>,
    /// Called when opening begins, for a host that does something about the memory which it takes. What it gives is dropped
    /// when the index is filled.
    pub while_opening: Option<Guard>,
}

impl Options {
    pub fn new(directory: impl Into<PathBuf>, embedder: impl Into<EmbedderSource>) -> Self {
        Self {
            directory: directory.into(),
            durability: Durability::Flush,
            bounds: SizeLimits::default(),
            allow_non_empty: false,
            embedder: embedder.into(),
            clock: Arc::new(SystemClock),
            while_opening: None,
        }
    }
}

/// One open directory of memories; share it by `Arc`.
pub struct Engine {
    pub(super) store: Arc<Store>,
    pub(super) index: Arc<IndexHandle>,
    pub(super) feed: Arc<Feed>,
    pub(super) model: Model,
    pub(super) reinforcements: PendingReinforcements,
    pub(super) hit_cache: HitCache,
    clock: Arc<dyn Clock>,
    /// A call has found that the disk failed, also where the store has not noticed.
    failed: AtomicBool,
}

impl Engine {
    /// Blocks while the directory is opened; reads its vectors on a thread of their own.
    pub fn open(options: Options) -> Result<Self, Error> {
        let Options { directory, durability, bounds, allow_non_empty, embedder, clock, while_opening } = options;
        let while_opening = while_opening.map(|begin| begin());
        let how = StoreOptions { durability, bounds, allow_non_empty };
        let opened = Store::open(&directory, how, clock.now());
        let store = Arc::new(opened.map_err(|error| error.of_directory(&directory))?);
        let index = Arc::new(IndexHandle::new());
        match store.model()? {
            Some(model) => index.fill(Arc::clone(&store), model, while_opening)?,
            None => index.set_empty(),
        }
        let embedding = EmbeddingService::start(embedder).map_err(|error| Error::from(StorageError::from(error)))?;
        let feed = Arc::new(Feed::new(clock.now(), store.next_number()?));
        let model = Model::new(embedding);
        Ok(Self {
            store,
            index,
            feed,
            model,
            reinforcements: PendingReinforcements::default(),
            hit_cache: HitCache::default(),
            clock,
            failed: AtomicBool::new(false),
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn not_found(&self, id: &MemoryId) -> Error {
        match self.store.tombstone(id) {
            Ok(tombstone) => Error::NotFound { id: id.clone(), tombstone: tombstone.map(Box::new) },
            Err(error) => error.into(),
        }
    }

    /// Waits until the index is filled and the model loaded: what the first search would wait for.
    pub async fn ready(&self) -> Result<(), Error> {
        self.model.load().await?;
        self.index.ready().await
    }

    /// Says that the disk has failed this engine: only opening the directory again tells what is there.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    pub(super) fn check_place(&self) -> Result<(), Error> {
        Ok(self.store.check_place()?)
    }

    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed) || self.store.has_failed() || self.index.has_failed()
    }

    /// The outcome of a call, looked at: what the disk refused fails the engine, and what a failed one could not read is no
    /// damage before opening again has told so.
    pub fn judge<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        match outcome.as_ref().err().and_then(StorageError::of) {
            Some(StorageError::Corrupted(_)) if self.has_failed() => return Err(Error::StoreFailed),
            // It is opened again as soon as it can be written to.
            Some(StorageError::ReadOnly) => self.fail(),
            // A full disk has refused it before anything was written.
            Some(StorageError::Io(error)) if error.kind() != ErrorKind::StorageFull => self.fail(),
            _ => {}
        }
        outcome
    }

    /// Whether writes wait for the thread that answers them.
    pub fn is_waited_for(&self) -> bool {
        self.store.is_waited_for()
    }

    /// Makes everything that has been answered durable, whatever the durability.
    pub fn flush(&self) -> Result<(), Error> {
        Ok(self.store.flush()?)
    }

    /// Finishes the commits that are queued and syncs; later writes are refused.
    pub fn close(&self) -> Result<(), Error> {
        self.index.stop();
        self.finish_reinforcements();
        let closed = self.store.close();
        self.feed.close();
        Ok(closed?)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Who forgot to close still lets go of the directory.
        self.index.stop();
        self.feed.close();
    }
}

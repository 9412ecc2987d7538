//! How is a store opened and closed? Opening waits for the files only; what a user's first calls need is loaded then.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::feed::Feed;
use super::hit_cache::HitCache;
use super::model::Model;
use super::partitions::{FEW_USERS, Partitions, Scoped};
use super::past::Past;
use super::reinforcement::pending::PendingReinforcements;
use super::upgrade::upgrade;
use openmemory_calls::learning::LearningQueue;
use openmemory_domain::{Clock, MemoryId, ModelIdentity, SystemClock, Timestamp};
use openmemory_embedding::{EmbedderSource, EmbeddingService};
use openmemory_rules::{Error, Rows};
use openmemory_storage::{Durability, SizeLimits, StorageError, Store, StoreOptions};

/// Creates a guard that is held while a store opens.
type Guard = Arc<dyn Fn() -> Box<dyn Send> + Send + Sync>;

/// Options for opening a directory. [`Options::new`] has the defaults.
#[derive(Clone)]
pub struct Options {
    /// Created if it does not exist.
    pub directory: PathBuf,
    /// When a write is synced; by default before it is acknowledged.
    pub durability: Durability,
    /// Size limits of the redo log. Tests lower them, so that small stores write checkpoints and rebuild their tree.
    pub bounds: SizeLimits,
    /// Whether a new store may be created in a directory that has other files.
    pub allow_non_empty: bool,
    pub embedder: EmbedderSource,
    /// The model of stores that were filled before `embedder` was there, and what embeds for them: a store of this model
    /// keeps it.
    pub earlier: Option<(ModelIdentity, EmbedderSource)>,
    pub clock: Arc<dyn Clock>,
    /// Called when opening begins, so that a host can reduce the memory that opening takes. The returned guard is
    /// dropped when it ends.
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
            earlier: None,
            clock: Arc::new(SystemClock),
            while_opening: None,
        }
    }
}

/// One open directory of memories; share it by `Arc`.
pub struct Engine {
    pub(super) store: Arc<Store>,
    pub(super) partitions: Arc<Partitions>,
    pub(super) past: Arc<Past>,
    pub(super) feed: Arc<Feed>,
    pub(super) model: Model,
    pub(super) reinforcements: PendingReinforcements,
    pub(super) hit_cache: HitCache,
    pub(super) learning_queue: LearningQueue,
    clock: Arc<dyn Clock>,
    /// Set when a call finds that the disk has failed, even if the store has not noticed.
    failed: AtomicBool,
}

impl Engine {
    /// Opens a directory; blocks.
    pub fn open(options: Options) -> Result<Self, Error> {
        let Options { directory, durability, bounds, allow_non_empty, embedder, earlier, clock, while_opening } =
            options;
        let while_opening = while_opening.map(|begin| begin());
        let how = StoreOptions { durability, bounds, allow_non_empty };
        let opened = Store::open(&directory, how, clock.now());
        let store = Arc::new(opened.map_err(|error| error.of_directory(&directory))?);
        upgrade(&store)?;
        let embedder = match earlier {
            Some((model, source)) if keeps(&store, &model)? => source,
            _ => embedder,
        };
        let embedding = EmbeddingService::start(embedder).map_err(|error| Error::from(StorageError::from(error)))?;
        let feed = Arc::new(Feed::new(clock.now(), store.next_number()?));
        let model = Model::new(embedding);
        drop(while_opening);
        Ok(Self {
            store,
            partitions: Partitions::new(),
            past: Arc::default(),
            feed,
            model,
            reinforcements: PendingReinforcements::default(),
            hit_cache: HitCache::default(),
            learning_queue: LearningQueue::default(),
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
            Err(error) => error,
        }
    }

    /// Loads what the first search needs: the model, and the memories of a store with few users.
    pub async fn ready(&self) -> Result<(), Error> {
        self.model.load().await?;
        let users = Scoped::of(&self.partitions, &self.store, None)?.users();
        if users.len() > FEW_USERS {
            return Ok(());
        }
        self.partitions.load(&self.store, users.iter().cloned()).await
    }

    /// Marks the engine as failed by its disk: only reopening the directory shows what is stored.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    pub(super) fn check_place(&self) -> Result<(), Error> {
        Ok(self.store.check_place()?)
    }

    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed) || self.store.has_failed()
    }

    /// Inspects the outcome of a call. An I/O error marks the engine as failed. Damage that a failed engine finds
    /// becomes [`Error::StoreFailed`], because only reopening shows whether the files are damaged.
    pub fn judge<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        match outcome.as_ref().err().and_then(StorageError::of) {
            Some(StorageError::Corrupted(_)) if self.has_failed() => return Err(Error::StoreFailed),
            // Marked as failed, so that it is reopened as soon as the disk is writable.
            Some(StorageError::ReadOnly) => self.fail(),
            // A full disk rejects a write before anything is written, so the engine stays usable.
            Some(StorageError::Io(error)) if error.kind() != ErrorKind::StorageFull => self.fail(),
            _ => {}
        }
        outcome
    }

    /// Whether further writes wait for the writer thread.
    pub fn is_waited_for(&self) -> bool {
        self.store.is_waited_for()
    }

    /// Makes all acknowledged writes durable, whatever the durability setting.
    pub fn flush(&self) -> Result<(), Error> {
        Ok(self.store.flush()?)
    }

    /// Finishes the queued commits and syncs. Later writes are rejected.
    pub fn close(&self) -> Result<(), Error> {
        self.partitions.stop();
        self.finish_reinforcements();
        let closed = self.store.close();
        self.feed.close();
        Ok(closed?)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Ends what keeps the store open, so that the directory is released even without `close`.
        self.partitions.stop();
        self.feed.close();
    }
}

/// Whether a store is of this model, and not on its way to another one.
fn keeps(store: &Store, model: &ModelIdentity) -> Result<bool, Error> {
    let target = store.reindex()?.map(|reindex| reindex.target);
    Ok(target.or(store.model()?).is_some_and(|wanted| wanted == *model))
}

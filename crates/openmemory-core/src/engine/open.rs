//! How does a store become usable? Open the directory, fill the index beside the first calls, close in order.

use std::path::PathBuf;
use std::sync::Arc;

use super::error::Error;
use super::feed::Feed;
use super::model::Model;
use super::recall::Recalls;
use super::said::SaidLately;
use super::vectors::Vectors;
use crate::domain::{Clock, MemoryId, Timestamp};
use crate::embedding::{EmbedderSource, EmbeddingService};
use crate::storage::{Bounds, Durability, Records, Store, StoreOptions};

pub struct Options {
    /// Made if it is not there.
    pub directory: PathBuf,
    pub durability: Durability,
    /// Whether a new store may be made in a directory that holds other things.
    pub allow_non_empty: bool,
    pub embedder: EmbedderSource,
    pub clock: Arc<dyn Clock>,
    /// Dropped when the index is filled, for a host that does something about the memory which opening takes until then.
    pub while_opening: Option<Box<dyn Send>>,
}

/// One open directory of memories; share it by `Arc`.
pub struct Engine {
    pub(super) store: Arc<Store>,
    pub(super) vectors: Arc<Vectors>,
    pub(super) feed: Arc<Feed>,
    pub(super) model: Model,
    pub(super) recalls: Recalls,
    pub(super) said: SaidLately,
    clock: Arc<dyn Clock>,
}

impl Engine {
    /// Blocks while the directory is opened; reads its vectors on a thread of their own.
    pub fn open(options: Options) -> Result<Self, Error> {
        Self::open_within(options, Bounds::default())
    }

    /// As [`Engine::open`], with other bounds for the log: small ones make small stores live through much.
    pub fn open_within(options: Options, bounds: Bounds) -> Result<Self, Error> {
        let Options { directory, durability, allow_non_empty, .. } = &options;
        let how = StoreOptions { durability: *durability, bounds, allow_non_empty: *allow_non_empty };
        let store = Arc::new(Store::open(directory, how, options.clock.now())?);
        let vectors = Arc::new(Vectors::new());
        match store.model()? {
            Some(model) => vectors.fill(Arc::clone(&store), model, options.while_opening)?,
            None => vectors.set_empty(),
        }
        let embedding = EmbeddingService::start(options.embedder).map_err(|error| Error::Storage(error.into()))?;
        let feed = Arc::new(Feed::new(options.clock.now(), store.next_number()?));
        let model = Model::new(embedding);
        Ok(Self {
            store,
            vectors,
            feed,
            model,
            recalls: Recalls::default(),
            said: SaidLately::default(),
            clock: options.clock,
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn not_found(&self, id: &MemoryId) -> Error {
        match self.store.tombstone(id) {
            Ok(tombstone) => Error::NotFound { id: id.clone(), tombstone },
            Err(error) => error.into(),
        }
    }

    /// Waits until the index is filled and the model loaded: what the first search would wait for.
    pub async fn ready(&self) -> Result<(), Error> {
        self.model.load().await?;
        self.vectors.ready().await
    }

    /// Makes everything that has been answered durable, whatever the durability.
    pub fn flush(&self) -> Result<(), Error> {
        Ok(self.store.flush()?)
    }

    /// Finishes the commits that are queued and syncs; later writes are refused.
    pub fn close(&self) -> Result<(), Error> {
        self.vectors.stop();
        self.finish_recalls();
        let closed = self.store.close();
        self.feed.close();
        Ok(closed?)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Who forgot to close still lets go of the directory.
        self.vectors.stop();
        self.feed.close();
    }
}

//! Which model makes the vectors, and does it match the stored ones? Checked when the first text is embedded, not at
//! open.

use std::sync::{Arc, OnceLock};

use quick_cache::sync::Cache;
use tokio::sync::OnceCell;

use openmemory_calls::embed;
use openmemory_calls::sectors::Prototypes;
use openmemory_domain::{Fault, ModelIdentity, ModelTag};
use openmemory_embedding::EmbeddingService;
use openmemory_rules::Error;
use openmemory_storage::Store;

/// Queries whose vectors are cached: agents repeat queries with other filters or after a change.
const QUESTIONS: usize = 128;

/// The embedding service, its identity, and the sector prototypes embedded by it.
pub(super) struct Model {
    pub(super) embedding: EmbeddingService,
    identity: OnceCell<ModelIdentity>,
    /// Tag of the stored vectors, once they are known to be of this model. It cannot change afterwards, because a
    /// reindex uses the model of its engine.
    pub(super) fitting: OnceLock<ModelTag>,
    prototypes: OnceCell<Prototypes>,
    questions: Cache<String, Arc<[f32]>>,
}

impl Model {
    pub(super) fn new(embedding: EmbeddingService) -> Self {
        Self {
            embedding,
            identity: OnceCell::new(),
            fitting: OnceLock::new(),
            prototypes: OnceCell::new(),
            questions: Cache::new(QUESTIONS),
        }
    }

    /// Loads the model if it is not loaded.
    pub(super) async fn load(&self) -> Result<(), Error> {
        self.embedding.query("ready").await.map_err(Fault::from)?;
        Ok(())
    }

    /// The vector of a query. Vectors of recent queries are cached.
    pub(super) async fn query(&self, question: String) -> Result<Arc<[f32]>, Error> {
        if let Some(vector) = self.questions.get(&question) {
            return Ok(vector);
        }
        let vector: Arc<[f32]> = self.embedding.query(&question).await.map_err(Fault::from)?.into();
        self.questions.insert(question, Arc::clone(&vector));
        Ok(vector)
    }

    /// The identity of the embedder, whichever model the store has.
    pub(super) async fn identity(&self) -> Result<&ModelIdentity, Error> {
        Ok(self.identity.get_or_try_init(|| self.embedding.identity()).await.map_err(Fault::from)?)
    }

    /// The vectors of the prototypes, read from the store, or made and stored.
    pub(super) async fn prototypes(&self, store: &Store) -> Result<&Prototypes, Error> {
        let tag = self.identity().await?.tag();
        self.prototypes.get_or_try_init(|| self.make_prototypes(store, tag)).await
    }

    /// The factor by which unrelated texts are farther apart under the shipped model than under this one; 1 until it is
    /// known.
    pub(super) fn spread(&self) -> f32 {
        self.prototypes.get().map_or(1.0, Prototypes::spread)
    }

    async fn make_prototypes(&self, store: &Store, tag: ModelTag) -> Result<Prototypes, Error> {
        if let Some(kept) = store.prototypes::<Prototypes>()?.filter(|kept| kept.fit(tag)) {
            return Ok(kept);
        }
        let made = embed::prototypes(&self.embedding, tag).await?;
        let kept = made.clone();
        let put = store.commit(move |transaction| transaction.put_prototypes(&kept), |()| {}).await?;
        put?;
        Ok(made)
    }
}

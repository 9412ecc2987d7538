//! Which model makes the vectors of all stores of this process?

use std::sync::Arc;

use openmemory_calls::embed::{self, Embedded};
use openmemory_calls::query::ModelTraits;
use openmemory_calls::sectors::Prototypes;
use openmemory_domain::{Content, Embedding, Fault, ModelIdentity};
use openmemory_embedding::EmbeddingService;
use openmemory_rules::Error;
use openmemory_rules::contract::Control;
use quick_cache::sync::Cache;
use tokio::sync::OnceCell;

/// Queries whose vectors are cached.
const QUESTIONS: usize = 128;

pub(crate) struct Model {
    service: EmbeddingService,
    identity: OnceCell<ModelIdentity>,
    prototypes: OnceCell<Prototypes>,
    questions: Cache<String, Arc<[f32]>>,
}

impl Model {
    pub(crate) fn new(service: EmbeddingService) -> Self {
        Self { service, identity: OnceCell::new(), prototypes: OnceCell::new(), questions: Cache::new(QUESTIONS) }
    }

    pub(crate) async fn identity(&self) -> Result<&ModelIdentity, Error> {
        Ok(self.identity.get_or_try_init(|| self.service.identity()).await.map_err(Fault::from)?)
    }

    /// The identity, once somebody has asked for it.
    pub(crate) fn known_identity(&self) -> Option<&ModelIdentity> {
        self.identity.get()
    }

    pub(crate) async fn prototypes(&self) -> Result<&Prototypes, Error> {
        let tag = self.identity().await?.tag();
        self.prototypes.get_or_try_init(|| embed::prototypes(&self.service, tag)).await
    }

    /// What a query says of the model. Its spread is 1 until the prototypes are known.
    pub(crate) fn traits(&self) -> ModelTraits {
        ModelTraits {
            multilingual: self.service.is_multilingual(),
            spread: self.prototypes.get().map_or(1.0, Prototypes::spread),
            contrast: self.service.contrast(),
            echo: self.service.echo(),
        }
    }

    /// The vector of a query. Vectors of recent queries are cached.
    pub(crate) async fn query(&self, question: String) -> Result<Arc<[f32]>, Error> {
        if let Some(vector) = self.questions.get(&question) {
            return Ok(vector);
        }
        let vector: Arc<[f32]> = self.service.query(&question).await.map_err(Fault::from)?.into();
        self.questions.insert(question, Arc::clone(&vector));
        Ok(vector)
    }

    pub(crate) async fn embed(&self, content: &Content) -> Result<Arc<Embedding>, Error> {
        embed::embed(&self.service, self.prototypes().await?, content).await
    }

    /// The vectors of a memory that the caller has made.
    pub(crate) async fn own_embedding(&self, content: &Content, vectors: &[Vec<f32>]) -> Result<Arc<Embedding>, Error> {
        embed::own_embedding(self.identity().await?, self.prototypes().await?, content, vectors)
    }

    pub(crate) async fn no_embedding(&self) -> Result<Arc<Embedding>, Error> {
        Ok(embed::no_embedding(self.identity().await?))
    }

    pub(crate) async fn checked_vector(&self, vector: &[f32]) -> Result<Vec<f32>, Error> {
        embed::checked_vector(self.identity().await?, vector)
    }

    pub(crate) async fn embed_all(
        &self,
        contents: &[&Content],
        control: &Control,
        progress: impl Fn(usize, usize),
    ) -> Result<Embedded, Error> {
        if contents.is_empty() {
            return Ok(Embedded::new());
        }
        embed::embed_all(&self.service, self.prototypes().await?, contents, control, progress).await
    }
}

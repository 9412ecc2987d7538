//! Where do a store's vectors come from? From a model on shared threads, or from an asynchronous function.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{Embedder, EmbeddingError, EmbeddingPool, ExternalEmbedder, ModelIdentity, Passage, PoolClient, Priority};

/// A source of vectors, which stores may share.
#[derive(Clone)]
pub enum EmbedderSource {
    /// A model in this process.
    Local(Arc<LocalEmbedder>),
    /// An asynchronous function.
    External(Arc<ExternalEmbedder>),
}

impl EmbedderSource {
    /// Registers another source of the same model as a fallback, if this one can use it.
    pub fn join(&self, other: &Self) {
        if let (Self::External(embedder), Self::External(other)) = (self, other) {
            embedder.join(other);
        }
    }
}

impl<E: Embedder + 'static> From<Arc<E>> for EmbedderSource {
    fn from(embedder: Arc<E>) -> Self {
        Self::Local(Arc::new(LocalEmbedder::new(embedder)))
    }
}

/// A model and its threads, which start with the first store. All stores with the model share them.
pub struct LocalEmbedder {
    embedder: Arc<dyn Embedder>,
    pool: Mutex<Option<EmbeddingPool>>,
}

impl LocalEmbedder {
    pub fn new(embedder: Arc<dyn Embedder>) -> Self {
        Self { embedder, pool: Mutex::new(None) }
    }

    fn client(&self) -> std::io::Result<PoolClient> {
        let mut pool = self.pool.lock();
        match &*pool {
            Some(pool) => Ok(pool.client()),
            None => Ok(pool.insert(EmbeddingPool::new(None)?).client()),
        }
    }
}

/// The embedding service of one store. Callers await without blocking.
pub enum EmbeddingService {
    Local(Arc<LocalEmbedder>, PoolClient),
    External(Arc<ExternalEmbedder>),
}

impl EmbeddingService {
    /// # Errors
    /// No thread could be started.
    pub fn start(source: EmbedderSource) -> std::io::Result<Self> {
        Ok(match source {
            EmbedderSource::Local(local) => {
                let client = local.client()?;
                Self::Local(local, client)
            }
            EmbedderSource::External(embedder) => Self::External(embedder),
        })
    }

    /// The identity of the model, which may have to be loaded.
    pub async fn identity(&self) -> Result<ModelIdentity, EmbeddingError> {
        match self {
            Self::Local(local, pool) => {
                let embedder = Arc::clone(&local.embedder);
                pool.run(Priority::Interactive, move || embedder.identity()).await
            }
            Self::External(embedder) => Ok(embedder.identity().clone()),
        }
    }

    /// Whether the model reads scripts without spaces, such as Chinese.
    pub fn is_multilingual(&self) -> bool {
        match self {
            Self::Local(local, _) => local.embedder.is_multilingual(),
            Self::External(_) => true,
        }
    }

    /// See [`Embedder::echo`].
    pub fn echo(&self) -> f32 {
        match self {
            Self::Local(local, _) => local.embedder.echo(),
            Self::External(_) => 1.0,
        }
    }

    /// See [`Embedder::contrast`].
    pub fn contrast(&self) -> f32 {
        match self {
            Self::Local(local, _) => local.embedder.contrast(),
            Self::External(_) => 1.0,
        }
    }

    /// The passages of a text.
    pub async fn passages(&self, text: Arc<str>) -> Result<Vec<Passage>, EmbeddingError> {
        match self {
            Self::Local(local, pool) => pool.passages(&local.embedder, text).await,
            Self::External(embedder) => embedder.passages(&text).await,
        }
    }

    /// The passages of each text, in order. `progress` gets the number of finished texts.
    pub async fn passages_of(
        &self,
        texts: Vec<Arc<str>>,
        progress: impl FnMut(usize),
    ) -> Vec<Result<Vec<Passage>, EmbeddingError>> {
        match self {
            Self::Local(local, pool) => pool.passages_of(&local.embedder, texts, progress).await,
            Self::External(embedder) => embedder.passages_of(&texts, progress).await,
        }
    }

    /// The vector of a query, of length 1 (L2).
    pub async fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
        match self {
            Self::Local(local, pool) => pool.query(&local.embedder, text.into()).await,
            Self::External(embedder) => embedder.query(text).await,
        }
    }
}

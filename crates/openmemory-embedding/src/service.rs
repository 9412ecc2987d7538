//! Who embeds for a store? A model on threads that its stores share, or a function that is waited for.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{Embedder, EmbeddingError, EmbeddingPool, ExternalEmbedder, ModelIdentity, Passage, PoolClient, Priority};

/// Where vectors come from. Stores may share one.
#[derive(Clone)]
pub enum EmbedderSource {
    /// Computes in this process.
    Local(Arc<LocalEmbedder>),
    /// Answers some time.
    External(Arc<ExternalEmbedder>),
}

impl EmbedderSource {
    /// Hears of another source that means the same, where that can help.
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

/// A model and the threads that compute it, started with the first store. Whoever shares the model shares the threads.
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

/// Embeds for one store. Callers await without blocking.
pub enum EmbeddingService {
    Local(Arc<LocalEmbedder>, PoolClient),
    External(Arc<ExternalEmbedder>),
}

impl EmbeddingService {
    /// # Errors
    /// The system refuses threads.
    pub fn start(source: EmbedderSource) -> std::io::Result<Self> {
        Ok(match source {
            EmbedderSource::Local(local) => {
                let client = local.client()?;
                Self::Local(local, client)
            }
            EmbedderSource::External(embedder) => Self::External(embedder),
        })
    }

    /// Which model it is. May load the model to find out.
    pub async fn identity(&self) -> Result<ModelIdentity, EmbeddingError> {
        match self {
            Self::Local(local, pool) => {
                let embedder = Arc::clone(&local.embedder);
                pool.run(Priority::Interactive, move || embedder.identity()).await
            }
            Self::External(embedder) => Ok(embedder.identity().clone()),
        }
    }

    /// Whether it knows scripts that are written without spaces, such as Chinese.
    pub fn is_multilingual(&self) -> bool {
        match self {
            Self::Local(local, _) => local.embedder.is_multilingual(),
            Self::External(_) => true,
        }
    }

    /// The passages of one text.
    pub async fn passages(&self, text: Arc<str>) -> Result<Vec<Passage>, EmbeddingError> {
        match self {
            Self::Local(local, pool) => pool.passages(&local.embedder, text).await,
            Self::External(embedder) => embedder.passages(&text).await,
        }
    }

    /// The passages of each text, in order. `progress` hears how many texts are done.
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

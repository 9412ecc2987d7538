//! Who embeds for a store? A model on threads of the store's own, or a function that is waited for.

use std::sync::Arc;

use super::{Embedder, EmbeddingError, EmbeddingPool, ExternalEmbedder, ModelIdentity, Passage, Priority};

/// Where vectors come from. Stores may share one.
#[derive(Clone)]
pub enum EmbedderSource {
    /// Computes, on threads that each store has for it.
    Here(Arc<dyn Embedder>),
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
        Self::Here(embedder)
    }
}

/// Embeds for one store. Callers await without blocking.
pub enum EmbeddingService {
    Here(Arc<dyn Embedder>, EmbeddingPool),
    External(Arc<ExternalEmbedder>),
}

impl EmbeddingService {
    /// # Errors
    /// The system refuses threads.
    pub fn start(source: EmbedderSource) -> std::io::Result<Self> {
        Ok(match source {
            EmbedderSource::Here(embedder) => Self::Here(embedder, EmbeddingPool::new(None)?),
            EmbedderSource::External(embedder) => Self::External(embedder),
        })
    }

    /// Which model it is. May load the model to find out.
    pub async fn identity(&self) -> Result<ModelIdentity, EmbeddingError> {
        match self {
            Self::Here(embedder, pool) => {
                let embedder = Arc::clone(embedder);
                pool.run(Priority::Interactive, move || embedder.identity()).await
            }
            Self::External(embedder) => Ok(embedder.identity().clone()),
        }
    }

    /// Whether it knows scripts that are written without spaces, such as Chinese.
    pub fn is_multilingual(&self) -> bool {
        match self {
            Self::Here(embedder, _) => embedder.is_multilingual(),
            Self::External(_) => true,
        }
    }

    /// The passages of one text.
    pub async fn passages(&self, text: Arc<str>) -> Result<Vec<Passage>, EmbeddingError> {
        match self {
            Self::Here(embedder, pool) => pool.passages(embedder, text).await,
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
            Self::Here(embedder, pool) => pool.passages_of(embedder, texts, progress).await,
            Self::External(embedder) => embedder.passages_of(&texts, progress).await,
        }
    }

    /// The vector of a query, of length 1 (L2).
    pub async fn query(&self, text: &str) -> Result<Vec<f32>, EmbeddingError> {
        match self {
            Self::Here(embedder, pool) => pool.query(embedder, text.into()).await,
            Self::External(embedder) => embedder.query(text).await,
        }
    }
}

//! What does a text need before it can be committed? Its hash, and its vectors unless the store has them.

use std::sync::Arc;

use super::engine::Engine;
use openmemory_calls::embed;
pub(super) use openmemory_calls::embed::Embedded;
use openmemory_domain::{Content, ContentHash, Embedding, MemoryId, ModelTag};
use openmemory_rules::contract::Control;
use openmemory_rules::{Error, Rows};

impl Engine {
    /// Embeds one text.
    pub(super) async fn embed(&self, content: &Content) -> Result<Arc<Embedding>, Error> {
        let prototypes = self.model.prototypes(&self.store).await?;
        embed::embed(&self.model.embedding, prototypes, content).await
    }

    /// The vectors of a memory that the caller has made by the model of the store.
    pub(super) async fn own_embedding(&self, content: &Content, vectors: &[Vec<f32>]) -> Result<Arc<Embedding>, Error> {
        let (model, prototypes) = (self.model.identity().await?, self.model.prototypes(&self.store).await?);
        embed::own_embedding(model, prototypes, content, vectors)
    }

    /// Vectors of zeros, for a text that is found by its words only.
    pub(super) async fn no_embedding(&self) -> Result<Arc<Embedding>, Error> {
        Ok(embed::no_embedding(self.model.identity().await?))
    }

    /// A vector of a caller, of length 1.
    pub(super) async fn checked_vector(&self, vector: &[f32]) -> Result<Vec<f32>, Error> {
        embed::checked_vector(self.model.identity().await?, vector)
    }

    /// Embeds each distinct text once, several at a time, until `control` is cancelled. Calls `progress` with the
    /// number of texts done and the total.
    pub(super) async fn embed_all(
        &self,
        contents: &[&Content],
        control: &Control,
        progress: impl Fn(usize, usize),
    ) -> Result<Embedded, Error> {
        if contents.is_empty() {
            return Ok(Embedded::new());
        }
        let prototypes = self.model.prototypes(&self.store).await?;
        embed::embed_all(&self.model.embedding, prototypes, contents, control, progress).await
    }

    /// Whether the memory has usable vectors of this text, as its content or in its history.
    pub(super) async fn knows(&self, id: &MemoryId, hash: ContentHash) -> Result<bool, Error> {
        let Some(number) = self.store.number(id)? else { return Ok(false) };
        let Some(head) = self.store.head(number)? else { return Ok(false) };
        if head.content == hash {
            return Ok(true);
        }
        let Some(embedding) = self.store.embedding(number, &head.scope, hash)? else { return Ok(false) };
        Ok(embedding.model == self.fitting_model().await?)
    }
}

impl Engine {
    /// The tag of the embedder's model, if it made the stored vectors or the store has none yet.
    pub(super) async fn fitting_model(&self) -> Result<ModelTag, Error> {
        if let Some(tag) = self.model.fitting.get() {
            return Ok(*tag);
        }
        let embedder = self.model.identity().await?;
        let stored = self.store.model()?;
        // During a reindex the stored vectors are of two models.
        let mixed = self.store.reindex()?.is_some();
        match stored {
            Some(stored) if mixed || stored != *embedder => {
                Err(Error::ModelMismatch { stored, embedder: embedder.clone() })
            }
            Some(_) => Ok(*self.model.fitting.get_or_init(|| embedder.tag())),
            // Not cached: the store's model is only fixed by its first text.
            None => Ok(embedder.tag()),
        }
    }
}

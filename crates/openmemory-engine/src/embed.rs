//! What does a text need before it can be committed? Its hash, and its vectors unless the store has them.

use std::collections::HashMap;
use std::sync::Arc;

use super::engine::Engine;
use openmemory_domain::{Content, ContentHash, Embedding, Fault, Invalid, MemoryId, ModelTag, Sector};
use openmemory_embedding::{Passage, normalised};
use openmemory_rules::contract::Control;
use openmemory_rules::{Error, Rows};

/// The vectors of texts, or the errors of embedding them, by content hash.
pub(super) type Embedded = HashMap<ContentHash, Result<Arc<Embedding>, Error>>;

impl Engine {
    /// Embeds one text.
    pub(super) async fn embed(&self, content: &Content) -> Result<Arc<Embedding>, Error> {
        let prototypes = self.model.prototypes(&self.store).await?;
        let passages = self.model.embedding.passages(content.meaning().into()).await.map_err(Fault::from)?;
        Ok(Arc::new(prototypes.embedding(content.meaning(), &passages)))
    }

    /// The vectors of a text of which the caller has made one by the model of the store.
    pub(super) async fn own_embedding(&self, content: &Content, vector: &[f32]) -> Result<Arc<Embedding>, Error> {
        let vector = self.checked_vector(vector).await?;
        let prototypes = self.model.prototypes(&self.store).await?;
        let passage = Passage::of_whole(content.meaning(), vector);
        Ok(Arc::new(prototypes.embedding(content.meaning(), &[passage])))
    }

    /// Vectors of zeros, for a text that is found by its words only.
    pub(super) async fn no_embedding(&self) -> Result<Arc<Embedding>, Error> {
        let model = self.model.identity().await?;
        let zeros = vec![0.0; model.dimensions];
        Ok(Arc::new(Embedding::new(model.tag(), zeros.clone(), vec![zeros.clone()], vec![(Sector::Semantic, zeros)])))
    }

    /// A vector of a caller, of length 1.
    pub(super) async fn checked_vector(&self, vector: &[f32]) -> Result<Vec<f32>, Error> {
        let model = self.model.identity().await?;
        if vector.len() != model.dimensions {
            let problem =
                format!("has {} numbers; those of the model {} have {}", vector.len(), model.id, model.dimensions);
            return Err(Invalid::argument("vector", problem).into());
        }
        Ok(normalised(vector.to_vec()).map_err(Fault::from)?)
    }

    /// Embeds each distinct text once, several at a time, until `control` is cancelled. Calls `progress` with the
    /// number of texts done and the total.
    pub(super) async fn embed_all(
        &self,
        contents: &[&Content],
        control: &Control,
        progress: impl Fn(usize, usize),
    ) -> Result<Embedded, Error> {
        let distinct: HashMap<ContentHash, &Content> =
            contents.iter().map(|content| (content.hash(), *content)).collect();
        if distinct.is_empty() {
            return Ok(Embedded::new());
        }
        let prototypes = self.model.prototypes(&self.store).await?;
        let (hashes, texts): (Vec<ContentHash>, Vec<Arc<str>>) =
            distinct.into_iter().map(|(hash, content)| (hash, Arc::from(content.meaning()))).unzip();
        let passages = tokio::select! {
            biased;
            () = control.cancelled() => return Err(Error::Aborted),
            passages = self.model.embedding.passages_of(texts.clone(), |done| progress(done, texts.len())) => passages,
        };
        let embedded = passages.into_iter().zip(&texts).map(|(passages, text)| match passages {
            Ok(passages) => Ok(Arc::new(prototypes.embedding(text, &passages))),
            Err(error) => Err(Fault::from(error).into()),
        });
        Ok(hashes.into_iter().zip(embedded).collect())
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

//! How does a new memory come to be?

use std::sync::Arc;

use super::engine::Engine;
use super::error::Error;
use super::write::insert::{Added, Insertion, Prepared, insert};
use super::write::text::Text;
use openmemory_domain::request::{IfExists, NewMemory};
use openmemory_domain::{Embedding, Event, MemoryId, Provenance, Version};
use openmemory_storage::{Records, Transaction};

impl Engine {
    pub async fn add(&self, new: NewMemory) -> Result<Added, Error> {
        if let Some(memory) = self.skipped(&new)? {
            return Ok(Added { memory, existed: true });
        }
        if let Some(id) = new.id.as_ref().filter(|_| new.if_exists == IfExists::Add) {
            self.check_free(id)?;
        }
        self.fitting_model().await?;
        let embedding = match self.vectors_of_existing(&new).await? {
            Some(known) => known,
            None => self.embed(&new.content).await?,
        };
        self.index.ready().await?;
        let prepared = self.prepare(new, embedding)?;
        let (model, now) = (self.model.identity().await?.clone(), self.now());
        let work = move |transaction: &mut Transaction<'_>| insert(transaction, prepared, &model, now);
        let listeners = self.listeners();
        let publish = move |insertion: &Insertion| listeners.inserted(insertion);
        Ok(self.store.commit(work, publish).await??.into_added())
    }

    /// Refuses an id that is taken before any work is done; the commit checks again.
    fn check_free(&self, id: &MemoryId) -> Result<(), Error> {
        if let Some(number) = self.store.number(id)? {
            let current = self.store.head(number)?.map_or(0, |head| head.number);
            return Err(Error::Exists { id: id.clone(), current });
        }
        Ok(())
    }

    pub(super) fn prepare(&self, new: NewMemory, embedding: Arc<Embedding>) -> Result<Prepared, Error> {
        let now = self.now();
        let hash = new.content.hash();
        let classified = embedding.classified().ok_or(Error::Internal("a text without a sector"))?;
        let related = self.related(&new.scope, &embedding)?;
        let created_at = new.created_at.unwrap_or(now);
        let version = Version {
            id: new.id.unwrap_or_else(MemoryId::generate),
            number: 1,
            content: hash,
            tags: new.tags,
            metadata: new.metadata,
            scope: new.scope,
            created_at,
            updated_at: created_at,
            expires_at: new.expires_at,
            immutable: new.immutable,
            classified,
            provenance: Provenance { event: Event::Add, actor: None, reason: None },
        };
        let text = Text { content: new.content, hash, embedding: Some(embedding), related };
        Ok(Prepared { version, text, if_exists: new.if_exists, removed: new.removed })
    }
}

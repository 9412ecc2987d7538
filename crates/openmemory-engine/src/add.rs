//! How does a new memory come to be?

use std::sync::Arc;

use super::commit;
use super::error::Error;
use super::existing::{self, Added, Insertion};
use super::open::Engine;
use super::text::Text;
use super::waypoints::link;
use openmemory_domain::request::{IfExists, NewMemory};
use openmemory_domain::{Embedding, Event, MemoryId, ModelIdentity, Provenance, Timestamp, Version};
use openmemory_storage::{Records, Transaction};

/// A new memory with all that its commit needs.
pub(super) struct Prepared {
    pub version: Version,
    pub text: Text,
    pub if_exists: IfExists,
    /// Fields of the metadata that a touch removes.
    pub removed: Vec<String>,
}

impl Prepared {
    pub(super) fn id(&self) -> &MemoryId {
        &self.version.id
    }
}

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
        self.vectors.ready().await?;
        let prepared = self.prepare(new, embedding)?;
        let (model, now) = (self.model.identity().await?.clone(), self.now());
        let work = move |transaction: &mut Transaction<'_>| insert(transaction, prepared, &model, now);
        let audience = self.audience();
        let publish = move |insertion: &Insertion| audience.inserted(insertion);
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

pub(super) fn insert(
    transaction: &mut Transaction<'_>,
    prepared: Prepared,
    model: &ModelIdentity,
    now: Timestamp,
) -> Result<Insertion, Error> {
    if let Some(insertion) = existing::settle(transaction, &prepared, now)? {
        return Ok(insertion);
    }
    settle_model(transaction, model)?;
    let committed = commit::insert(transaction, prepared.version, &prepared.text, now)?;
    link(transaction, committed.number, &prepared.text.related, now)?;
    Ok(Insertion::New(committed))
}

/// Makes sure that `model` is the one of the store's vectors, also if it is the first.
pub(super) fn settle_model(transaction: &mut Transaction<'_>, model: &ModelIdentity) -> Result<(), Error> {
    match transaction.model()? {
        None => Ok(transaction.put_model(model)?),
        Some(stored) if stored == *model => Ok(()),
        Some(stored) => Err(Error::ModelMismatch { stored, embedder: model.clone() }),
    }
}

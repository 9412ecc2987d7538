//! How is a memory added? Its text is embedded first; the commit decides whether the text already exists.

use std::sync::Arc;

use super::engine::Engine;
use super::partitions::user_of;
use openmemory_calls::index_text::words;
use openmemory_domain::request::{IfExists, NewMemory, OnConflict};
use openmemory_domain::{Embedding, MemoryId};
use openmemory_rules::contract::Added;
use openmemory_rules::write::add::{Insertion, Prepared, add};
use openmemory_rules::{Error, Rows};
use openmemory_storage::Transaction;

impl Engine {
    pub async fn add(&self, new: NewMemory) -> Result<Added, Error> {
        if let Some(memory) = self.existing_to_skip(&new)? {
            return Ok(Added { memory, existed: true });
        }
        let is_refused = new.duplicates.if_exists == IfExists::Add && new.duplicates.on_conflict == OnConflict::Report;
        if let Some(id) = new.id.as_ref().filter(|_| is_refused) {
            self.check_free(id)?;
        }
        self.fitting_model().await?;
        let embedding = match self.known_vectors_of(&new).await? {
            Some(known) => known,
            None => self.embed(&new.content).await?,
        };
        self.partitions.load(&self.store, [user_of(&new.scope)]).await?;
        let prepared = self.prepare(new, embedding)?;
        let (model, now) = (self.model.identity().await?.clone(), self.now());
        let work = move |transaction: &mut Transaction<'_>| add(transaction, prepared, &model, now);
        let listeners = self.listeners();
        let publish = move |insertion: &Insertion| listeners.inserted(insertion);
        Ok(self.store.commit(work, publish).await??.into_added())
    }

    /// Rejects a taken id before the text is embedded. The commit checks again.
    fn check_free(&self, id: &MemoryId) -> Result<(), Error> {
        if let Some(number) = self.store.number(id)? {
            let current = self.store.head(number)?.map_or(0, |head| head.number);
            return Err(Error::Exists { id: id.clone(), current });
        }
        Ok(())
    }

    pub(super) fn prepare(&self, new: NewMemory, embedding: Arc<Embedding>) -> Result<Prepared, Error> {
        let related = self.related(&new.scope, &embedding)?;
        let words = words(new.content.as_str());
        Prepared::new(new, embedding, words, related, self.now())
    }
}

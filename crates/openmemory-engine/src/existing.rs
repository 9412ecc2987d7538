//! Does a text already have vectors? Checked before it is embedded, to save that; the commit checks again.

use std::sync::Arc;

use super::engine::Engine;
use openmemory_domain::request::{IfExists, NewMemory, OnConflict};
use openmemory_domain::{Embedding, Memory, Version};
use openmemory_rules::write::add::find;
use openmemory_rules::{Error, Number, Rows};

impl Engine {
    /// The existing memory with the text of `new`, if such a memory is to be skipped.
    pub(super) fn existing_to_skip(&self, new: &NewMemory) -> Result<Option<Memory>, Error> {
        if new.duplicates.if_exists != IfExists::Skip || new.duplicates.on_conflict != OnConflict::Report {
            return Ok(None);
        }
        match find(&*self.store, &new.scope, new.content.as_str(), self.now())? {
            Some((number, head)) => self.memory(number, head),
            None => Ok(None),
        }
    }

    /// The vectors of a new text that need not be made: those that the caller passes, none if
    /// the text is not to be embedded, or those that the memory with its id
    /// or with its text has.
    pub(super) async fn known_vectors_of(&self, new: &NewMemory) -> Result<Option<Arc<Embedding>>, Error> {
        if let Some(vectors) = &new.vectors {
            return self.own_embedding(&new.content, vectors).await.map(Some);
        }
        if !new.embed {
            return self.no_embedding().await.map(Some);
        }
        let Some((number, head)) = self.to_become(new)? else { return Ok(None) };
        let model = self.fitting_model().await?;
        let known = self.store.embedding(number, &head.scope, new.content.hash())?;
        Ok(known.filter(|known| known.model == model))
    }

    /// The memory that adding may find instead.
    fn to_become(&self, new: &NewMemory) -> Result<Option<(Number, Version)>, Error> {
        if let Some(id) = new.id.as_ref().filter(|_| new.duplicates.on_conflict == OnConflict::Replace)
            && let Some(number) = self.store.number(id)?
            && let Some(head) = self.store.head(number)?
        {
            return Ok(Some((number, head)));
        }
        if new.duplicates.if_exists == IfExists::Add {
            return Ok(None);
        }
        let found = find(&*self.store, &new.scope, new.content.as_str(), self.now())?;
        Ok(found.filter(|(_, head)| head.content == new.content.hash()))
    }
}

//! Does a text already exist? Checked before it is embedded, to save that; the commit checks again.

use std::sync::Arc;

use super::engine::Engine;
use openmemory_domain::request::{IfExists, NewMemory};
use openmemory_domain::{Embedding, Memory};
use openmemory_rules::write::add::find;
use openmemory_rules::{Error, Rows};

impl Engine {
    /// The existing memory with the text of `new`, if such a memory is to be skipped.
    pub(super) fn existing_to_skip(&self, new: &NewMemory) -> Result<Option<Memory>, Error> {
        if new.if_exists != IfExists::Skip {
            return Ok(None);
        }
        match find(&*self.store, &new.scope, new.content.as_str(), self.now())? {
            Some((number, head)) => self.memory(number, head),
            None => Ok(None),
        }
    }

    /// The vectors of the text, if its scope already has it, so that it is not embedded again.
    pub(super) async fn vectors_of_existing(&self, new: &NewMemory) -> Result<Option<Arc<Embedding>>, Error> {
        if new.if_exists == IfExists::Add {
            return Ok(None);
        }
        let found = find(&*self.store, &new.scope, new.content.as_str(), self.now())?;
        let Some((number, head)) = found.filter(|(_, head)| head.content == new.content.hash()) else {
            return Ok(None);
        };
        let model = self.fitting_model().await?;
        let known = self.store.embedding(number, &head.scope, head.content)?;
        Ok(known.filter(|known| known.model == model))
    }
}

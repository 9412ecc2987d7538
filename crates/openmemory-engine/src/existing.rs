//! Is a text there already? Looked up inside the commit that would add it: of two at once, one finds the other's.

use std::sync::Arc;

use super::engine::Engine;
use openmemory_domain::request::{IfExists, NewMemory};
use openmemory_domain::{Embedding, Memory};
use openmemory_rules::write::add::find;
use openmemory_rules::{Error, Rows};

impl Engine {
    /// The memory that makes adding `new` needless, where it shall be skipped.
    pub(super) fn skipped(&self, new: &NewMemory) -> Result<Option<Memory>, Error> {
        if new.if_exists != IfExists::Skip {
            return Ok(None);
        }
        match find(&*self.store, &new.scope, new.content.as_str(), self.now())? {
            Some((number, head)) => self.memory(number, head),
            None => Ok(None),
        }
    }

    /// The vectors of a text that the same scope has already, so that it need not be embedded to be found again.
    pub(super) async fn vectors_of_existing(&self, new: &NewMemory) -> Result<Option<Arc<Embedding>>, Error> {
        if new.if_exists == IfExists::Add {
            return Ok(None);
        }
        let found = find(&*self.store, &new.scope, new.content.as_str(), self.now())?;
        let Some((number, head)) = found.filter(|(_, head)| head.content == new.content.hash()) else {
            return Ok(None);
        };
        let model = self.fitting_model().await?;
        let known = self.store.embedding(number, head.content)?;
        Ok(known.filter(|known| known.model == model).map(Arc::new))
    }
}

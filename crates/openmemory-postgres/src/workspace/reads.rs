//! The rows that the rules read.

use openmemory_domain::{ContentHash, Dynamics, Embedding, MemoryId, ModelIdentity, Scope, TextKey, Version};
use openmemory_rules::{Error, IndexedText, Number, Reindex, Rows, Tombstone, Waypoint};

use super::key::{Key, MODEL, Missing, REINDEX};
use super::unit::Workspace;
use crate::rows::{self, decode};
use crate::scope_key::ScopeKey;

impl Rows for Workspace<'_> {
    fn number(&self, id: &MemoryId) -> Result<Option<Number>, Error> {
        let place = self.place(id)?;
        let (Some(number), Some(scope)) = (place.number, place.scope) else { return Ok(None) };
        self.know_scope(Number(number), scope);
        if self.writes && !self.locked.iter().any(|(locked, _)| *locked == scope) {
            *self.missing.borrow_mut() = Some(Missing { scope, user: None });
            return Err(Error::Internal("a memory of a scope that is not locked"));
        }
        Ok(Some(Number(number)))
    }

    fn head(&self, number: Number) -> Result<Option<Version>, Error> {
        self.row(&Key::Head(number.0))?.map(|row| rows::version(&row)).transpose()
    }

    fn earlier(&self, number: Number, version: u64) -> Result<Option<Version>, Error> {
        self.row(&Key::Earlier(number.0, version))?.map(|row| rows::version(&row)).transpose()
    }

    fn content(&self, number: Number, hash: ContentHash) -> Result<Option<String>, Error> {
        self.row(&Key::Text(number.0, hash))?.map(|row| rows::text(row.to_vec())).transpose()
    }

    fn indexed_text(&self, number: Number, _scope: &Scope) -> Result<Option<IndexedText>, Error> {
        self.row(&Key::Entry(number.0))?.map(|row| rows::entry(&row)).transpose()
    }

    fn replaced_embedding(&self, number: Number, hash: ContentHash) -> Result<Option<Embedding>, Error> {
        self.row(&Key::Replaced(number.0, hash))?.map(|row| rows::embedding(&row)).transpose()
    }

    fn dynamics(&self, number: Number, _scope: &Scope) -> Result<Option<Dynamics>, Error> {
        self.row(&Key::Dynamics(number.0))?.map(|row| rows::dynamics(&row)).transpose()
    }

    fn tombstone(&self, id: &MemoryId) -> Result<Option<Tombstone>, Error> {
        Ok(self.place(id)?.tombstone)
    }

    fn waypoints(&self, number: Number) -> Result<Vec<(Number, Waypoint)>, Error> {
        let row = self.row(&Key::Waypoints(number.0))?;
        row.map_or_else(|| Ok(Vec::new()), |row| decode(&row, "the links of a memory"))
    }

    fn numbers_of_text(&self, text: TextKey) -> Result<Vec<Number>, Error> {
        let scopes: Vec<ScopeKey> = self.locked.iter().map(|(scope, _)| *scope).collect();
        self.numbers_of_text_in(&scopes, text)
    }

    fn model(&self) -> Result<Option<ModelIdentity>, Error> {
        self.row(&Key::Meta(MODEL))?.map(|row| decode(&row, "the model")).transpose()
    }

    fn reindex(&self) -> Result<Option<Reindex>, Error> {
        self.row(&Key::Meta(REINDEX))?.map(|row| decode(&row, "the model")).transpose()
    }
}

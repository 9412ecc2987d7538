//! What is the state of a memory, now or at an earlier time?

use super::engine::Engine;
use openmemory_domain::request::Get;
use openmemory_domain::{Memory, MemoryId, Version};
use openmemory_rules::{Error, Number, Rows};

impl Engine {
    pub fn get(&self, request: &Get) -> Result<Memory, Error> {
        let (number, head) = self.head(&request.id)?;
        let version = match request.version {
            Some(version) if version != head.number => self
                .store
                .earlier(number, version)?
                .ok_or_else(|| Error::NoVersion { id: request.id.clone(), version })?,
            Some(_) => head,
            None => self.version_in(number, head, &request.point)?.ok_or_else(|| {
                let id = request.id.clone();
                if request.point.at.is_some() { Error::NotThen { id } } else { Error::NotYet { id } }
            })?,
        };
        match self.memory(number, version)? {
            Some(memory) => Ok(memory),
            None => Err(self.not_found(&request.id)),
        }
    }

    /// The number of a memory, and its newest version.
    pub(super) fn head(&self, id: &MemoryId) -> Result<(Number, Version), Error> {
        let number = self.store.number(id)?.ok_or_else(|| self.not_found(id))?;
        let head = self.store.head(number)?.ok_or_else(|| self.not_found(id))?;
        Ok((number, head))
    }

    /// A version with its text and dynamics; `None` if the memory was deleted meanwhile.
    pub(super) fn memory(&self, number: Number, version: Version) -> Result<Option<Memory>, Error> {
        let Some(content) = self.store.content(number, version.content)? else {
            return match self.store.head(number)? {
                Some(_) => Err(Error::Internal("a memory without its text")),
                None => Ok(None),
            };
        };
        self.memory_with(number, version, content)
    }

    /// Like [`Engine::memory`], with a text that the caller has read.
    pub(super) fn memory_with(
        &self,
        number: Number,
        version: Version,
        content: String,
    ) -> Result<Option<Memory>, Error> {
        let dynamics = self.store.dynamics(number, &version.scope)?;
        Ok(dynamics.map(|dynamics| Memory { version, content, dynamics, now: self.now() }))
    }
}

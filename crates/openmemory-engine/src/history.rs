//! How did a memory reach its current state? Its versions, newest first, each with its changes.

use openmemory_rules::contract::{Control, MemoryVersion};

use super::engine::Engine;
use openmemory_domain::Version;
use openmemory_domain::request::History;
use openmemory_rules::{Error, Number, Rows};

impl Engine {
    pub fn history(&self, request: &History, control: &Control) -> Result<Vec<MemoryVersion>, Error> {
        let (number, head) = self.head(&request.id)?;
        let before = request.before.unwrap_or(u64::MAX);
        let newest = (head.number < before).then(|| head.clone());
        let earlier = self.store.history(number, before.min(head.number));
        let mut versions = newest.into_iter().map(Ok).chain(earlier).peekable();
        let mut history = Vec::new();
        while history.len() < request.limit
            && let Some(version) = versions.next()
        {
            control.check()?;
            let version = version?;
            let content = self.text_of(number, &version)?;
            let changes = match versions.peek() {
                Some(Ok(before)) => version.changes_since(&content, (before, &self.text_of(number, before)?)),
                Some(Err(error)) => return Err(error.clone().into()),
                None => Vec::new(),
            };
            history.push(MemoryVersion { version, content, changes });
        }
        Ok(history)
    }

    fn text_of(&self, number: Number, version: &Version) -> Result<String, Error> {
        self.store.content(number, version.content)?.ok_or_else(|| self.not_found(&version.id))
    }
}

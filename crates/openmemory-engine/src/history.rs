//! How did a memory become what it is? Its versions, newest first, each with what it changed.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::control::Control;
use super::engine::Engine;
use openmemory_domain::request::History;
use openmemory_domain::{Change, Event, Version};
use openmemory_rules::{Error, Number, Rows};

/// One version as a caller sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryVersion {
    pub version: Version,
    pub content: String,
    /// What differs from the version before; nothing for the first.
    pub changes: Vec<Change>,
}

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

impl Serialize for MemoryVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let version = &self.version;
        let sectors = version.sectors();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", version.id.as_str())?;
        map.serialize_entry("version", &version.number)?;
        map.serialize_entry("event", version.provenance.event.name())?;
        if let Some(actor) = &version.provenance.actor {
            map.serialize_entry("actor", actor)?;
        }
        if let Some(reason) = &version.provenance.reason {
            map.serialize_entry("reason", reason)?;
        }
        if let Event::Restore { from } = version.provenance.event {
            map.serialize_entry("restored_from", &from)?;
        }
        map.serialize_entry("content", &self.content)?;
        map.serialize_entry("tags", version.tags.as_slice())?;
        map.serialize_entry("metadata", version.metadata.fields())?;
        map.serialize_entry("sectors", &sectors.names())?;
        map.serialize_entry("primary_sector", sectors.primary().name())?;
        if let Some(at) = version.expires_at {
            map.serialize_entry("expires_at", &at.to_string())?;
        }
        map.serialize_entry("created_at", &version.created_at.to_string())?;
        map.serialize_entry("updated_at", &version.updated_at.to_string())?;
        map.serialize_entry("changes", &self.changes)?;
        map.end()
    }
}

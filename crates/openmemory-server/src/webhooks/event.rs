//! Which events does a change mean? The version that it has made; after an interruption, all versions since.

use openmemory_domain::request::History;
use openmemory_domain::{Event as Origin, MemoryId, Timestamp, Version};
use openmemory_rules::Error;
use openmemory_rules::contract::{ChangeKind, Control, MemoryChange, MemoryStore, MemoryVersion};
use sha2::{Digest, Sha256};
use std::sync::Arc;

use super::record::{EventType, Webhook};

/// Versions of one memory that are sent after an interruption.
const VERSIONS: usize = 1000;

/// What a webhook is told.
#[derive(Debug, Clone)]
pub struct Event {
    pub kind: EventType,
    pub id: MemoryId,
    pub number: u64,
    pub at: Timestamp,
    /// Absent once the memory is deleted: its text is gone.
    pub version: Option<Box<(Version, String)>>,
}

impl Event {
    /// Names the event of a webhook, the same whenever it is sent.
    pub fn name(&self, webhook: &str) -> String {
        let what = format!("{webhook}\n{}\n{}\n{:?}", self.id.as_str(), self.number, self.kind);
        let hash = Sha256::digest(what.as_bytes());
        format!("msg_{}", data_encoding::HEXLOWER.encode(&hash[..16]))
    }
}

/// The events of a change that the webhook is to hear of, oldest first. With `since`, changes of one memory have become one,
/// and are taken apart again.
pub async fn events(
    store: &dyn MemoryStore,
    change: &MemoryChange,
    since: Option<Timestamp>,
    webhook: &Webhook,
) -> Result<Vec<Event>, Error> {
    let wanted = |events: Vec<Event>| events.into_iter().filter(|event| webhook.event_types.contains(&event.kind));
    let memory = match &change.kind {
        ChangeKind::Deleted { id, version, at } => {
            let deleted = Event { kind: EventType::Delete, id: id.clone(), number: *version, at: *at, version: None };
            return Ok(wanted(vec![deleted]).collect());
        }
        ChangeKind::Stored(memory) => memory,
    };
    let id = &memory.version.id;
    let versions = match since {
        Some(since) => {
            let mut versions = history(store, id, VERSIONS, None).await?;
            let new = versions.iter().take_while(|version| version.version.updated_at >= since).count();
            // An imported memory may bear an earlier time.
            versions.truncate(new.max(1));
            versions
        }
        // Which tags have changed is known to the history.
        None if memory.version.number > 1 && webhook.event_types.contains(&EventType::Categorize) => {
            history(store, id, 1, Some(memory.version.number + 1)).await?
        }
        None => vec![MemoryVersion {
            version: memory.version.clone(),
            content: memory.content.as_str().to_owned(),
            changes: Vec::new(),
        }],
    };
    Ok(wanted(versions.into_iter().rev().flat_map(of_version).collect()).collect())
}

/// Newest first. A memory that is deleted meanwhile has none: that is a change of its own.
async fn history(
    store: &dyn MemoryStore,
    id: &MemoryId,
    limit: usize,
    before: Option<u64>,
) -> Result<Vec<MemoryVersion>, Error> {
    match store.history(History { id: id.clone(), limit, before }, Arc::new(Control::default())).await {
        Err(Error::NotFound { .. }) => Ok(Vec::new()),
        history => history,
    }
}

fn of_version(MemoryVersion { version, content, changes }: MemoryVersion) -> Vec<Event> {
    let kind = match version.provenance.event {
        Origin::Add => EventType::Add,
        Origin::Update | Origin::Restore { .. } => EventType::Update,
        // It leaves searches and lists.
        Origin::Retire => EventType::Delete,
    };
    let has_tags = !version.tags.as_slice().is_empty();
    let retagged = changes.iter().any(|change| change.field == "tags");
    let categorized = has_tags && (version.number == 1 || retagged);
    let (id, number, at) = (version.id.clone(), version.number, version.updated_at);
    let version = Box::new((version, content));
    let event = |kind| Event { kind, id: id.clone(), number, at, version: Some(version.clone()) };
    let kinds = std::iter::once(kind).chain(categorized.then_some(EventType::Categorize));
    kinds.map(event).collect()
}

//! Is a text there already? Looked up inside the commit that would add it: of two at once, one finds the other's.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::add::Prepared;
use super::commit::{self, Committed};
use super::error::Error;
use super::open::Engine;
use openmemory_domain::request::{IfExists, NewMemory, Update};
use openmemory_domain::{Embedding, Event, Memory, Patch, Provenance, Scope, Setting, TextKey, Timestamp, Version};
use openmemory_storage::{Number, Records, Transaction};

/// The memory that adding has led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    pub memory: Memory,
    /// Whether it had the text already.
    pub existed: bool,
}

impl Serialize for Added {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.memory.serialize_fields(&mut map)?;
        if self.existed {
            map.serialize_entry("existed", &true)?;
        }
        map.end()
    }
}

/// What a commit did with a new memory.
pub(super) enum Insertion {
    New(Committed),
    Touched(Committed),
    /// Nothing: it is as it was.
    Found(Memory),
}

impl Insertion {
    /// What others must hear of.
    pub(super) fn committed(&self) -> Option<&Committed> {
        match self {
            Self::New(committed) | Self::Touched(committed) => Some(committed),
            Self::Found(_) => None,
        }
    }

    pub(super) fn into_added(self) -> Added {
        match self {
            Self::New(committed) => Added { memory: committed.memory, existed: false },
            Self::Touched(committed) => Added { memory: committed.memory, existed: true },
            Self::Found(memory) => Added { memory, existed: true },
        }
    }
}

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

/// Looks for the text of a new memory, and does what that says.
pub(super) fn settle(
    transaction: &mut Transaction<'_>,
    new: &Prepared,
    now: Timestamp,
) -> Result<Option<Insertion>, Error> {
    if new.if_exists == IfExists::Add {
        return Ok(None);
    }
    transaction.index_texts()?;
    let Some((number, head)) = find(transaction, &new.version.scope, new.text.content.as_str(), now)? else {
        return Ok(None);
    };
    if new.if_exists == IfExists::Touch
        && let Some(patch) = touch(new, &head)?
    {
        let provenance = Provenance { event: Event::Update, actor: None, reason: None };
        let update = Update { id: head.id, patch, if_version: None, provenance };
        return commit::update(transaction, &update, None, now).map(Insertion::Touched).map(Some);
    }
    commit::memory(transaction, number, head, now).map(Insertion::Found).map(Some)
}

/// The oldest memory of a scope that has the text and has not expired.
fn find(records: &impl Records, scope: &Scope, text: &str, now: Timestamp) -> Result<Option<(Number, Version)>, Error> {
    for number in records.numbers_of_text(TextKey::of(scope, text))? {
        if let Some(head) = records.head(number)?
            && !head.expired(now)
        {
            return Ok(Some((number, head)));
        }
    }
    Ok(None)
}

/// What a new memory brings that the one that is there has not; none where there is nothing.
fn touch(new: &Prepared, head: &Version) -> Result<Option<Patch>, Error> {
    let tags = head.tags.joined("tags", &new.version.tags)?;
    let mut changes = new.version.metadata.fields().clone();
    changes.extend(new.removed.iter().map(|name| (name.clone(), Value::Null)));
    let metadata = head.metadata.merged("metadata", &changes)?;
    let expires_at = new.version.expires_at.filter(|at| head.expires_at != Some(*at));
    if tags == head.tags && metadata == head.metadata && expires_at.is_none() {
        return Ok(None);
    }
    Ok(Some(Patch {
        tags: Some(tags),
        metadata: Some(changes),
        expires_at: expires_at.map(Setting::Set),
        ..Patch::default()
    }))
}

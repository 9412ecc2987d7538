//! What does adding a memory do, where its text may be there already? Decided inside the commit: of two at once, one finds the other.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::apply;
use super::committed::Committed;
use super::links::link;
use super::text::Text;
use crate::error::Error;
use openmemory_domain::request::{IfExists, Update};
use openmemory_domain::{
    Event, Memory, MemoryId, ModelIdentity, Patch, Provenance, Scope, Setting, TextKey, Timestamp, Version,
};
use openmemory_storage::{Number, Records, Transaction};

/// A new memory with all that its commit needs.
pub(crate) struct Prepared {
    pub version: Version,
    pub text: Text,
    pub if_exists: IfExists,
    /// Fields of the metadata that a touch removes.
    pub removed: Vec<String>,
}

impl Prepared {
    pub(crate) fn id(&self) -> &MemoryId {
        &self.version.id
    }
}

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
pub(crate) enum Insertion {
    New(Committed),
    Touched(Committed),
    /// Nothing: it is as it was.
    Found(Memory),
}

impl Insertion {
    /// What others must hear of.
    pub(crate) fn committed(&self) -> Option<&Committed> {
        match self {
            Self::New(committed) | Self::Touched(committed) => Some(committed),
            Self::Found(_) => None,
        }
    }

    pub(crate) fn into_added(self) -> Added {
        match self {
            Self::New(committed) => Added { memory: committed.memory, existed: false },
            Self::Touched(committed) => Added { memory: committed.memory, existed: true },
            Self::Found(memory) => Added { memory, existed: true },
        }
    }
}

pub(crate) fn insert(
    transaction: &mut Transaction<'_>,
    prepared: Prepared,
    model: &ModelIdentity,
    now: Timestamp,
) -> Result<Insertion, Error> {
    if let Some(insertion) = settle(transaction, &prepared, now)? {
        return Ok(insertion);
    }
    settle_model(transaction, model)?;
    let committed = apply::insert(transaction, prepared.version, &prepared.text, now)?;
    link(transaction, committed.number, &prepared.text.related, now)?;
    Ok(Insertion::New(committed))
}

/// Makes sure that `model` is the one of the store's vectors, also if it is the first.
pub(crate) fn settle_model(transaction: &mut Transaction<'_>, model: &ModelIdentity) -> Result<(), Error> {
    match transaction.model()? {
        None => Ok(transaction.put_model(model)?),
        Some(stored) if stored == *model => Ok(()),
        Some(stored) => Err(Error::ModelMismatch { stored, embedder: model.clone() }),
    }
}

/// Looks for the text of a new memory, and does what that says.
pub(crate) fn settle(
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
        return apply::update(transaction, &update, None, now).map(Insertion::Touched).map(Some);
    }
    apply::memory(transaction, number, head, now).map(Insertion::Found).map(Some)
}

/// The oldest memory of a scope that has the text and has not expired.
pub(crate) fn find(
    records: &impl Records,
    scope: &Scope,
    text: &str,
    now: Timestamp,
) -> Result<Option<(Number, Version)>, Error> {
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

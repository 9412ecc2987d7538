//! What does adding a memory do if its text already exists? The check runs inside the commit, so that of two concurrent
//! adds of one text the second finds the memory of the first.

use std::sync::Arc;

use openmemory_domain::request::{IfExists, NewMemory, Update};
use openmemory_domain::{
    Dynamics, Embedding, Event, Memory, MemoryId, ModelIdentity, Patch, Provenance, Scope, Setting, Shown, TextKey,
    Timestamp, Version,
};
use serde_json::Value;

use super::committed::{Committed, IndexChange};
use super::current::{classified, memory};
use super::links::{Related, link};
use super::text::Text;
use super::update::update;
use crate::changes::Changes;
use crate::contract::Added;
use crate::error::Error;
use crate::index_entry::IndexedText;
use crate::number::Number;
use crate::rows::Rows;
use crate::words::Words;

/// A new memory with everything that its commit needs.
pub struct Prepared {
    pub version: Version,
    pub text: Text,
    pub if_exists: IfExists,
    /// Metadata fields that a touch removes.
    pub removed: Vec<String>,
}

impl Prepared {
    /// `related` are the candidates for its links.
    pub fn new(
        new: NewMemory,
        embedding: Arc<Embedding>,
        words: Words,
        related: Vec<Related>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let hash = new.content.hash();
        let created_at = new.created_at.unwrap_or(now);
        let version = Version {
            id: new.id.unwrap_or_else(MemoryId::generate),
            number: 1,
            content: hash,
            tags: new.tags,
            metadata: new.metadata,
            scope: new.scope,
            created_at,
            updated_at: created_at,
            expires_at: new.expires_at,
            immutable: new.immutable,
            classified: classified(&embedding)?,
            provenance: Provenance { event: Event::Add, actor: None, reason: None },
            validity: new.validity,
        };
        let text = Text { content: new.content, hash, words, embedding: Some(embedding), related };
        Ok(Self { version, text, if_exists: new.if_exists, removed: new.removed })
    }

    pub fn id(&self) -> &MemoryId {
        &self.version.id
    }
}

/// How a commit handled a new memory.
pub enum Insertion {
    New(Committed),
    Touched(Committed),
    /// An existing memory is returned unchanged.
    Unchanged(Memory),
}

impl Insertion {
    /// The change to publish, if there is one.
    pub fn committed(&self) -> Option<&Committed> {
        match self {
            Self::New(committed) | Self::Touched(committed) => Some(committed),
            Self::Unchanged(_) => None,
        }
    }

    pub fn into_added(self) -> Added {
        match self {
            Self::New(committed) => Added { memory: committed.memory, existed: false },
            Self::Touched(committed) => Added { memory: committed.memory, existed: true },
            Self::Unchanged(memory) => Added { memory, existed: true },
        }
    }
}

pub fn add(
    changes: &mut impl Changes,
    prepared: Prepared,
    model: &ModelIdentity,
    now: Timestamp,
) -> Result<Insertion, Error> {
    if let Some(insertion) = resolve_existing(changes, &prepared, now)? {
        return Ok(insertion);
    }
    settle_model(changes, model)?;
    let committed = insert(changes, prepared.version, &prepared.text, now)?;
    link(changes, committed.number, &prepared.text.related, now)?;
    Ok(Insertion::New(committed))
}

/// Inserts a new memory, unless its id is taken.
fn insert(changes: &mut impl Changes, version: Version, text: &Text, now: Timestamp) -> Result<Committed, Error> {
    if let Some(number) = changes.number(&version.id)? {
        let current = changes.head(number)?.map_or(0, |head| head.number);
        return Err(Error::Exists { id: version.id, current });
    }
    let embedding = text.embedding.clone().ok_or(Error::Internal("a new memory without vectors"))?;
    let dynamics = Dynamics::new(&version.sectors(), now);
    let number = changes.insert(&version, &text.content, &dynamics)?;
    let indexed = IndexedText { content: text.hash, words: text.words.clone(), embedding };
    changes.put_indexed_text(number, &version.scope, &indexed)?;
    let content = text.content.as_str().to_owned();
    Ok(Committed {
        number,
        memory: Memory { version, content, dynamics, now },
        index_change: IndexChange::Document(indexed),
    })
}

/// Checks that `model` made the stored vectors, or records it as the model of a store without vectors.
pub fn settle_model(changes: &mut impl Changes, model: &ModelIdentity) -> Result<(), Error> {
    match changes.model()? {
        None => changes.put_model(model),
        Some(stored) if stored == *model => Ok(()),
        Some(stored) => Err(Error::ModelMismatch { stored, embedder: model.clone() }),
    }
}

/// Applies `if_exists` if the scope already has the text. `None` means that the memory has to be inserted.
pub fn resolve_existing(
    changes: &mut impl Changes,
    new: &Prepared,
    now: Timestamp,
) -> Result<Option<Insertion>, Error> {
    if new.if_exists == IfExists::Add {
        return Ok(None);
    }
    changes.index_texts()?;
    let Some((number, head)) = find(changes, &new.version.scope, new.text.content.as_str(), now)? else {
        return Ok(None);
    };
    if new.if_exists == IfExists::Touch
        && let Some(patch) = touch(new, &head)?
    {
        let provenance = Provenance { event: Event::Update, actor: None, reason: None };
        let change = Update { id: head.id, patch, if_version: None, provenance };
        return update(changes, &change, None, now).map(Insertion::Touched).map(Some);
    }
    memory(changes, number, head, now).map(Insertion::Unchanged).map(Some)
}

/// The oldest memory of a scope with this text, unless it is hidden from searches and lists.
pub fn find(rows: &impl Rows, scope: &Scope, text: &str, now: Timestamp) -> Result<Option<(Number, Version)>, Error> {
    for number in rows.numbers_of_text(TextKey::of(scope, text))? {
        if let Some(head) = rows.head(number)?
            && !head.is_hidden(Shown::default(), now)
        {
            return Ok(Some((number, head)));
        }
    }
    Ok(None)
}

/// The patch that merges a new memory into the existing one; `None` if it would change nothing.
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

//! What does adding a memory do if its text or its id already exists? The check runs inside the commit, so that of two
//! concurrent adds the second finds the memory of the first.

use std::sync::Arc;

use openmemory_domain::request::{Duplicates, IfExists, NewMemory, OnConflict, Update};
use openmemory_domain::valid_time::ValidityPatch;
use openmemory_domain::{
    Dynamics, Embedding, Event, Memory, MemoryId, ModelIdentity, Patch, Provenance, Scope, Setting, Shown, TextKey,
    Timestamp, Version,
};
use serde_json::Value;

use super::committed::{Committed, IndexChange};
use super::current::{classified, current, memory};
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
#[derive(Clone)]
pub struct Prepared {
    pub version: Version,
    pub text: Text,
    pub duplicates: Duplicates,
    /// Whether the caller has made the vectors, which are then new even if the text is not.
    has_own_vectors: bool,
    /// What the memory with its id becomes, if that is replaced.
    replacement: Patch,
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
        let (replacement, has_own_vectors) = (replacement(&new), new.vectors.is_some() || !new.embed);
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
        Ok(Self { version, text, duplicates: new.duplicates, has_own_vectors, replacement, removed: new.removed })
    }

    pub fn id(&self) -> &MemoryId {
        &self.version.id
    }
}

/// How a commit handled a new memory.
pub enum Insertion {
    New(Committed),
    Touched(Committed),
    /// The memory with its id has got a new version.
    Replaced(Committed),
    /// An existing memory is returned unchanged.
    Unchanged(Memory),
}

impl Insertion {
    /// The change to publish, if there is one.
    pub fn committed(&self) -> Option<&Committed> {
        match self {
            Self::New(committed) | Self::Touched(committed) | Self::Replaced(committed) => Some(committed),
            Self::Unchanged(_) => None,
        }
    }

    pub fn into_added(self) -> Added {
        match self {
            Self::New(committed) => Added { memory: committed.memory, existed: false },
            Self::Touched(committed) | Self::Replaced(committed) => Added { memory: committed.memory, existed: true },
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
    if let Some(insertion) = resolve_conflict(changes, &prepared, model, now)? {
        return Ok(insertion);
    }
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

/// Applies `on_conflict` if the id is taken by a memory of the same scope. `None` means that the memory has to be inserted,
/// or is refused because its id is taken.
fn resolve_conflict(
    changes: &mut impl Changes,
    new: &Prepared,
    model: &ModelIdentity,
    now: Timestamp,
) -> Result<Option<Insertion>, Error> {
    let on_conflict = new.duplicates.on_conflict;
    if on_conflict == OnConflict::Report || changes.number(new.id())?.is_none() {
        return Ok(None);
    }
    let (number, head) = current(changes, new.id())?;
    // Who knows an id may not take a memory out of its scope, and not write into another's.
    if head.scope != new.version.scope {
        return Ok(None);
    }
    if on_conflict == OnConflict::Skip {
        return memory(changes, number, head, now).map(Insertion::Unchanged).map(Some);
    }
    settle_model(changes, model)?;
    let mut patch = new.replacement.clone();
    let metadata = patch.metadata.get_or_insert_default();
    for (name, _) in head.metadata.fields() {
        metadata.entry(name).or_insert(Value::Null);
    }
    let provenance = Provenance { event: Event::Update, actor: None, reason: None };
    let change = Update { id: head.id, patch, if_version: None, provenance };
    // The most similar text may be the memory's own current one.
    let mut text = new.text.clone();
    text.related.retain(|other| other.number != number);
    let mut committed = update(changes, &change, Some(&text), now)?;
    if new.has_own_vectors && head.content == text.hash {
        let indexed = text.indexed(changes, number, &head.scope)?;
        changes.put_indexed_text(number, &head.scope, &indexed)?;
        committed.index_change = IndexChange::Document(indexed);
    }
    Ok(Some(Insertion::Replaced(committed)))
}

/// The patch that gives a memory the content, tags, metadata and expiry of a new one, and its valid time where it has one.
fn replacement(new: &NewMemory) -> Patch {
    Patch {
        content: Some(new.content.clone()),
        tags: Some(new.tags.clone()),
        metadata: Some(new.metadata.fields()),
        expires_at: Some(new.expires_at.map_or(Setting::Clear, Setting::Set)),
        created_at: None,
        validity: ValidityPatch {
            from: new.validity.from.map(Setting::Set),
            to: new.validity.to.map(Setting::Set),
            correction: false,
        },
    }
}

/// Applies `if_exists` if the scope already has the text. `None` means that the memory has to be inserted.
pub fn resolve_existing(
    changes: &mut impl Changes,
    new: &Prepared,
    now: Timestamp,
) -> Result<Option<Insertion>, Error> {
    if new.duplicates.if_exists == IfExists::Add {
        return Ok(None);
    }
    changes.index_texts()?;
    let Some((number, head)) = find(changes, &new.version.scope, new.text.content.as_str(), now)? else {
        return Ok(None);
    };
    if new.duplicates.if_exists == IfExists::Touch
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
    // Memories without text have nothing in common.
    if text.is_empty() {
        return Ok(None);
    }
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
    let mut changes = new.version.metadata.fields();
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

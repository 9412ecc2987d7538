//! What does one operation of a mixed commit need, and what has it done?

use openmemory_domain::request::{Delete, Merge, Operation, Restore, Retire, Update};
use openmemory_domain::{Content, Memory, MemoryId, ModelIdentity, Timestamp, Version};
use openmemory_rules::contract::{Deleted, Effect, Merged, Operated};
use openmemory_rules::write::add::{self, Insertion, Prepared};
use openmemory_rules::write::committed::Committed;
use openmemory_rules::write::forget::delete_and_forget;
use openmemory_rules::write::text::Text;
use openmemory_rules::write::{delete, merge, restore, retire, update};
use openmemory_rules::{Error, LearningChanges, Number};

use crate::index_text::words;
use crate::outcome::HasId;

/// An operation with all that its commit needs.
#[derive(Clone)]
pub enum Ready {
    Add(Box<Prepared>),
    Update(Box<Update>, Option<Text>),
    Retire(Retire),
    Merge(Box<Merge>, Option<Text>),
    Restore(Restore, Option<Text>),
    Delete(Delete),
    /// Takes back what a learning has added, which still says what that was.
    TakeBack(Delete),
}

/// What an operation has done inside the commit.
pub enum Applied {
    Inserted(Insertion),
    Changed(Committed),
    /// The memory that stays, and those that it replaces.
    Merged(Committed, Vec<Committed>),
    Deleted(Number, Deleted),
}

impl HasId for Operation {
    fn id(&self) -> Option<String> {
        Self::id(self).map(MemoryId::to_string)
    }
}

impl HasId for Ready {
    fn id(&self) -> Option<String> {
        let id = match self {
            Self::Add(new) => new.id(),
            Self::Update(update, _) => &update.id,
            Self::Retire(retire) => &retire.id,
            Self::Merge(merge, _) => &merge.into.id,
            Self::Restore(restore, _) => &restore.id,
            Self::Delete(delete) | Self::TakeBack(delete) => &delete.id,
        };
        Some(id.to_string())
    }
}

impl HasId for Applied {
    fn id(&self) -> Option<String> {
        Some(self.memory().version.id.to_string())
    }
}

impl Ready {
    /// The memories that it changes; a new one is not there yet.
    pub fn memory_ids(&self) -> Vec<&MemoryId> {
        match self {
            Self::Add(_) => Vec::new(),
            Self::Update(update, _) => vec![&update.id],
            Self::Retire(retire) => vec![&retire.id],
            Self::Merge(merge, _) => {
                std::iter::once(&merge.into.id).chain(merge.from.iter().map(|one| &one.id)).collect()
            }
            Self::Restore(restore, _) => vec![&restore.id],
            Self::Delete(delete) | Self::TakeBack(delete) => vec![&delete.id],
        }
    }

    /// The memory that it deletes.
    pub fn id_of_deletion(&self) -> Option<&MemoryId> {
        match self {
            Self::Delete(delete) | Self::TakeBack(delete) => Some(&delete.id),
            _ => None,
        }
    }
}

impl Applied {
    pub fn memory(&self) -> &Memory {
        match self {
            Self::Inserted(
                Insertion::New(committed) | Insertion::Touched(committed) | Insertion::Replaced(committed),
            )
            | Self::Changed(committed)
            | Self::Merged(committed, _) => &committed.memory,
            Self::Inserted(Insertion::Unchanged(memory)) => memory,
            Self::Deleted(_, deleted) => &deleted.memory,
        }
    }

    pub fn into_operated(self) -> Operated {
        let memory = self.memory().clone();
        let merged = match &self {
            Self::Merged(_, retired) => retired.iter().map(|committed| &committed.memory.version).map(merged).collect(),
            _ => Vec::new(),
        };
        let effect = match self {
            Self::Inserted(Insertion::Unchanged(_)) => Effect::Nothing,
            Self::Deleted(_, deleted) => Effect::Deleted(deleted.deleted_at),
            Self::Inserted(_) | Self::Changed(_) | Self::Merged(..) => Effect::Version(memory.version.provenance.event),
        };
        Operated { memory, effect, merged }
    }
}

fn merged(version: &Version) -> Merged {
    Merged { id: version.id.clone(), version: version.number }
}

/// Applies an operation inside its commit.
pub fn apply(
    changes: &mut impl LearningChanges,
    operation: Ready,
    model: Option<&ModelIdentity>,
    now: Timestamp,
) -> Result<Applied, Error> {
    match operation {
        Ready::Add(prepared) => {
            let model = model.ok_or(Error::Internal("a new text without a model"))?;
            add::add(changes, *prepared, model, now).map(Applied::Inserted)
        }
        Ready::Update(update, text) => update::update(changes, &update, text.as_ref(), now).map(Applied::Changed),
        Ready::Retire(request) => retire::retire(changes, &request, now).map(Applied::Changed),
        Ready::Merge(request, text) => {
            merge::merge(changes, &request, text.as_ref(), now).map(|(kept, retired)| Applied::Merged(kept, retired))
        }
        Ready::Restore(request, text) => {
            let text = text.map_or_else(|| text_made_before(changes, &request), |text| Ok(Some(text)))?;
            restore::restore(changes, &request, text.as_ref(), now).map(Applied::Changed)
        }
        Ready::Delete(request) => {
            delete_and_forget(changes, request, now).map(|(number, deleted)| Applied::Deleted(number, deleted))
        }
        Ready::TakeBack(request) => {
            delete::delete(changes, request, now).map(|(number, deleted)| Applied::Deleted(number, deleted))
        }
    }
}

/// The text to restore if an operation before it, in the same commit, has made its version.
fn text_made_before(changes: &impl LearningChanges, restore: &Restore) -> Result<Option<Text>, Error> {
    let Some(number) = changes.number(&restore.id)? else { return Ok(None) };
    let Some(version) = changes.earlier(number, restore.version)? else { return Ok(None) };
    let Some(content) = changes.content(number, version.content)? else { return Ok(None) };
    let (hash, words) = (version.content, words(&content));
    Ok(Some(Text {
        content: Content::recorded("content", content)?,
        hash,
        words,
        embedding: None,
        related: Vec::new(),
    }))
}

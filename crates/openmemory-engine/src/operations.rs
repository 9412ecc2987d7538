//! How are changes of several kinds made together? All texts are embedded first, and one commit applies all of them or none.

use openmemory_domain::request::{Delete, Merge, NewMemory, Operation, Operations, Restore, Retire, Update};
use openmemory_domain::{Content, Memory, MemoryId, ModelIdentity, Timestamp, Version};
use openmemory_rules::contract::{Control, Deleted, Effect, ItemError, ItemResult, Merged, Operated};
use openmemory_rules::write::add::{self, Insertion, Prepared};
use openmemory_rules::write::committed::Committed;
use openmemory_rules::write::text::Text;
use openmemory_rules::write::{delete, merge, restore, retire, update};
use openmemory_rules::{Changes, Error, Number, Rows};
use openmemory_storage::Transaction;

use super::batch::{aborted, read_items};
use super::commit_listeners::CommitListeners;
use super::embed::Embedded;
use super::engine::Engine;
use super::index_text::words;
use super::learning::delete_and_forget;
use super::outcome::HasId;
use super::partitions::user_of;

/// An operation with all that its commit needs.
pub(super) enum Ready {
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
pub(super) enum Applied {
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
    /// The memory that it deletes.
    pub(super) fn id_of_deletion(&self) -> Option<&MemoryId> {
        match self {
            Self::Delete(delete) | Self::TakeBack(delete) => Some(&delete.id),
            _ => None,
        }
    }
}

impl Applied {
    pub(super) fn memory(&self) -> &Memory {
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

    pub(super) fn publish(&self, listeners: &CommitListeners) {
        match self {
            Self::Inserted(insertion) => listeners.inserted(insertion),
            Self::Changed(committed) => listeners.committed(committed),
            Self::Merged(kept, retired) => {
                listeners.committed(kept);
                retired.iter().for_each(|committed| listeners.committed(committed));
            }
            Self::Deleted(number, deleted) => listeners.deleted(*number, deleted),
        }
    }

    fn into_operated(self) -> Operated {
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

impl Engine {
    /// Applies 1 to 1000 operations in order, all or none: if one is refused it returns its error, the others `ABORTED`.
    pub async fn apply_operations(
        &self,
        request: Operations,
        control: &Control,
    ) -> Result<Vec<ItemResult<Operated>>, Error> {
        let items = read_items(request.items);
        if items.iter().any(Result::is_err) {
            return Ok(aborted(items));
        }
        let operations: Vec<Operation> = items.into_iter().flatten().collect();
        let has_new = operations.iter().any(|operation| matches!(operation, Operation::Add(_)));
        let embedded = self.embed_texts(&operations, control).await?;
        let mut ready = Vec::with_capacity(operations.len());
        for operation in operations {
            let id = HasId::id(&operation);
            let prepared = self.prepare_operation(operation, &embedded).await;
            ready.push(prepared.map_err(|error| ItemError { id, error }));
        }
        if ready.iter().any(Result::is_err) {
            return Ok(aborted(ready));
        }
        let has_texts = !embedded.is_empty() || has_new;
        let model = if has_texts { Some(self.model.identity().await?.clone()) } else { None };
        self.commit_operations(ready.into_iter().flatten().collect(), model).await
    }

    /// Embeds the texts that the store does not have yet.
    pub(super) async fn embed_texts(&self, operations: &[Operation], control: &Control) -> Result<Embedded, Error> {
        let mut unknown: Vec<&Content> = Vec::new();
        for operation in operations {
            match operation {
                Operation::Add(new) => {
                    if self.known_vectors_of(new).await?.is_none() {
                        unknown.push(&new.content);
                    }
                }
                Operation::Update(update) => unknown.extend(self.unknown_text(update).await?),
                Operation::Merge(merge) => unknown.extend(self.unknown_text(&merge.into).await?),
                Operation::Retire(_) | Operation::Restore(_) | Operation::Delete(_) => {}
            }
        }
        if unknown.is_empty() {
            return Ok(Embedded::new());
        }
        self.fitting_model().await?;
        self.embed_all(&unknown, control, |done, total| control.report(done, total)).await
    }

    /// The text that an update sets, unless the memory has its vectors.
    async fn unknown_text<'a>(&self, update: &'a Update) -> Result<Option<&'a Content>, Error> {
        match &update.patch.content {
            Some(content) if !self.knows(&update.id, content.hash()).await? => Ok(Some(content)),
            _ => Ok(None),
        }
    }

    pub(super) async fn prepare_operation(&self, operation: Operation, embedded: &Embedded) -> Result<Ready, Error> {
        Ok(match operation {
            Operation::Add(new) => Ready::Add(Box::new(self.prepare_add(*new, embedded).await?)),
            Operation::Update(update) => {
                let (update, text) = self.prepare_update(*update, embedded).await?;
                Ready::Update(Box::new(update), text)
            }
            Operation::Merge(merge) => {
                let (into, text) = self.prepare_update(merge.into, embedded).await?;
                Ready::Merge(Box::new(Merge { into, ..*merge }), text)
            }
            Operation::Restore(restore) => {
                let text = self.text_to_restore(&restore).await?;
                Ready::Restore(restore, text)
            }
            Operation::Retire(retire) => Ready::Retire(retire),
            Operation::Delete(delete) => Ready::Delete(delete),
        })
    }

    async fn prepare_update(&self, update: Update, embedded: &Embedded) -> Result<(Update, Option<Text>), Error> {
        if update.patch.content.is_some() {
            self.load_partition_of(&update.id).await?;
        }
        self.with_text(update, embedded).map_err(|failed| failed.error)
    }

    async fn prepare_add(&self, new: NewMemory, embedded: &Embedded) -> Result<Prepared, Error> {
        let embedding = match self.known_vectors_of(&new).await? {
            Some(known) => known,
            None => embedded.get(&new.content.hash()).ok_or(Error::Internal("a text was not embedded"))?.clone()?,
        };
        self.partitions.load(&self.store, [user_of(&new.scope)]).await?;
        self.prepare(new, embedding)
    }

    async fn commit_operations(
        &self,
        ready: Vec<Ready>,
        model: Option<ModelIdentity>,
    ) -> Result<Vec<ItemResult<Operated>>, Error> {
        let (now, listeners) = (self.now(), self.listeners());
        let work = move |transaction: &mut Transaction<'_>| {
            let results: Vec<ItemResult<Applied>> = ready
                .into_iter()
                .map(|operation| {
                    let id = operation.id();
                    transaction
                        .attempt(|transaction| apply(transaction, operation, model.as_ref(), now))
                        .map_err(|error| ItemError { id, error })
                })
                .collect();
            // An error rolls back the writes of the others.
            if results.iter().any(Result::is_err) { Err(aborted(results)) } else { Ok(results) }
        };
        let publish = move |results: &Vec<ItemResult<Applied>>| {
            results.iter().flatten().for_each(|applied| applied.publish(&listeners));
        };
        let results = match self.store.commit(work, publish).await? {
            Ok(results) => results.into_iter().map(|result| result.map(Applied::into_operated)).collect(),
            Err(aborted) => aborted,
        };
        self.judge_items(&results);
        Ok(results)
    }
}

pub(super) fn apply(
    transaction: &mut Transaction<'_>,
    operation: Ready,
    model: Option<&ModelIdentity>,
    now: Timestamp,
) -> Result<Applied, Error> {
    match operation {
        Ready::Add(prepared) => {
            let model = model.ok_or(Error::Internal("a new text without a model"))?;
            add::add(transaction, *prepared, model, now).map(Applied::Inserted)
        }
        Ready::Update(update, text) => update::update(transaction, &update, text.as_ref(), now).map(Applied::Changed),
        Ready::Retire(request) => retire::retire(transaction, &request, now).map(Applied::Changed),
        Ready::Merge(request, text) => merge::merge(transaction, &request, text.as_ref(), now)
            .map(|(kept, retired)| Applied::Merged(kept, retired)),
        Ready::Restore(request, text) => {
            let text = text.map_or_else(|| text_made_before(transaction, &request), |text| Ok(Some(text)))?;
            restore::restore(transaction, &request, text.as_ref(), now).map(Applied::Changed)
        }
        Ready::Delete(request) => {
            delete_and_forget(transaction, request, now).map(|(number, deleted)| Applied::Deleted(number, deleted))
        }
        Ready::TakeBack(request) => {
            delete::delete(transaction, request, now).map(|(number, deleted)| Applied::Deleted(number, deleted))
        }
    }
}

/// The text to restore if an operation before it, in the same commit, has made its version.
fn text_made_before(transaction: &Transaction<'_>, restore: &Restore) -> Result<Option<Text>, Error> {
    let Some(number) = transaction.number(&restore.id)? else { return Ok(None) };
    let Some(version) = transaction.earlier(number, restore.version)? else { return Ok(None) };
    let Some(content) = transaction.content(number, version.content)? else { return Ok(None) };
    let (hash, words) = (version.content, words(&content));
    Ok(Some(Text { content: Content::read("content", content)?, hash, words, embedding: None, related: Vec::new() }))
}

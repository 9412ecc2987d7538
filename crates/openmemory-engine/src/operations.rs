//! How are changes of several kinds made together? All texts are embedded first, and one commit applies all of them or none.

use openmemory_calls::operations::{Applied, Ready, apply};
use openmemory_calls::outcome::HasId;
use openmemory_domain::request::{Merge, NewMemory, Operation, Operations, Update};
use openmemory_domain::{Content, ModelIdentity};
use openmemory_rules::contract::{Control, ItemError, ItemResult, Operated};
use openmemory_rules::write::add::Prepared;
use openmemory_rules::write::text::Text;
use openmemory_rules::{Changes, Error};
use openmemory_storage::Transaction;

use super::batch::{aborted, read_items};
use super::commit_listeners::CommitListeners;
use super::embed::Embedded;
use super::engine::Engine;
use super::partitions::user_of;

/// Tells the listeners what an operation has done.
pub(super) fn publish(applied: &Applied, listeners: &CommitListeners) {
    match applied {
        Applied::Inserted(insertion) => listeners.inserted(insertion),
        Applied::Changed(committed) => listeners.committed(committed),
        Applied::Merged(kept, retired) => {
            listeners.committed(kept);
            retired.iter().for_each(|committed| listeners.committed(committed));
        }
        Applied::Deleted(number, deleted) => listeners.deleted(*number, deleted),
    }
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
            results.iter().flatten().for_each(|applied| publish(applied, &listeners));
        };
        let results = match self.store.commit(work, publish).await? {
            Ok(results) => results.into_iter().map(|result| result.map(Applied::into_operated)).collect(),
            Err(aborted) => aborted,
        };
        self.judge_items(&results);
        Ok(results)
    }
}

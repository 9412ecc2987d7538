//! How are operations of different kinds applied in one commit?

use std::sync::Arc;

use openmemory_calls::embed::Embedded;
use openmemory_calls::operations::{Applied, Ready, apply};
use openmemory_calls::outcome::{HasId, aborted, read_items};
use openmemory_domain::request::{Merge, Operation, Operations, Update};
use openmemory_domain::{Content, MemoryId, ModelIdentity};
use openmemory_rules::contract::{Control, ItemError, ItemResult, Operated};
use openmemory_rules::{Changes, Error};

use crate::job::{Hints, ScopeRow};
use crate::store::Tenant;
use crate::workspace::Workspace;

impl Tenant {
    pub(crate) async fn apply_operations(
        self: &Arc<Self>,
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
        let (mut ready, mut scopes, mut hints) = (Vec::new(), Vec::new(), Hints::default());
        for operation in operations {
            let id = HasId::id(&operation);
            ready.push(
                self.ready(operation, &embedded, &mut scopes, &mut hints)
                    .await
                    .map_err(|error| ItemError { id, error }),
            );
        }
        if ready.iter().any(Result::is_err) {
            return Ok(aborted(ready));
        }
        scopes.sort_by_key(|scope| (scope.key, scope.user.is_none()));
        scopes.dedup_by_key(|scope| scope.key);
        let has_texts = !embedded.is_empty() || has_new;
        let model: Option<ModelIdentity> = if has_texts { Some(self.model.identity().await?.clone()) } else { None };
        hints.model = has_texts;
        let ready: Vec<Ready> = ready.into_iter().flatten().collect();
        let deleted: Vec<MemoryId> = ready.iter().filter_map(Ready::id_of_deletion).cloned().collect();
        let work = move |rows: &mut Workspace<'_>| {
            let applied = rows.attempt(|rows| {
                let mut results: Vec<ItemResult<Applied>> = Vec::with_capacity(ready.len());
                for operation in &ready {
                    let (id, now) = (operation.id(), rows.now());
                    let applied = rows.attempt(|rows| apply(rows, operation.clone(), model.as_ref(), now));
                    results.push(applied.map_err(|error| ItemError { id, error }));
                }
                if results.iter().any(Result::is_err) { Err(aborted(results)) } else { Ok(results) }
            });
            Ok(match applied {
                Ok(results) => results.into_iter().map(|result| result.map(Applied::into_operated)).collect(),
                Err(aborted) => aborted,
            })
        };
        let operated = self.commit(scopes, hints, work).await;
        deleted.iter().for_each(|id| self.forget(id));
        operated
    }

    pub(crate) async fn embed_texts(
        self: &Arc<Self>,
        operations: &[Operation],
        control: &Control,
    ) -> Result<Embedded, Error> {
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
        self.model.embed_all(&unknown, control, |done, total| control.report(done, total)).await
    }

    /// The text that an update sets, unless the memory has its vectors.
    async fn unknown_text<'a>(self: &Arc<Self>, update: &'a Update) -> Result<Option<&'a Content>, Error> {
        let Some(content) = &update.patch.content else { return Ok(None) };
        let before = self.before_one(&update.id, content).await?;
        Ok((!before.has_vectors()).then_some(content))
    }

    /// An operation with all that its commit needs, whose scopes are added to those of the commit.
    pub(crate) async fn ready(
        self: &Arc<Self>,
        operation: Operation,
        embedded: &Embedded,
        scopes: &mut Vec<ScopeRow>,
        hints: &mut Hints,
    ) -> Result<Ready, Error> {
        let mut named: Vec<MemoryId> = operation.id().into_iter().cloned().collect();
        if let Operation::Merge(merge) = &operation {
            named.extend(merge.from.iter().map(|other| other.id.clone()));
        }
        let (found, of) = self.places(named.iter()).await?;
        scopes.extend(found);
        hints.ids.extend(of.ids);
        hints.numbers.extend(of.numbers);
        Ok(match operation {
            Operation::Add(new) => {
                let embedding = match self.known_vectors_of(&new).await? {
                    Some(known) => known,
                    None => {
                        embedded.get(&new.content.hash()).ok_or(Error::Internal("a text was not embedded"))?.clone()?
                    }
                };
                scopes.push(self.scope_of(&new.scope));
                hints.new += 1;
                Ready::Add(Box::new(self.prepare(*new, embedding).await?))
            }
            Operation::Update(update) => {
                let (update, text) = self.with_text(*update, embedded).await?;
                Ready::Update(Box::new(update), text)
            }
            Operation::Merge(merge) => {
                let Merge { into, from } = *merge;
                let (into, text) = self.with_text(into, embedded).await?;
                Ready::Merge(Box::new(Merge { into, from }), text)
            }
            Operation::Restore(restore) => {
                let text = self.text_to_restore(&restore).await?;
                Ready::Restore(restore, text)
            }
            Operation::Retire(retire) => Ready::Retire(retire),
            Operation::Delete(delete) => Ready::Delete(delete),
        })
    }
}

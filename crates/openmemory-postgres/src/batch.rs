//! How is one memory changed, and how are many? Texts are embedded before anything is locked, and the rules apply to what
//! is current inside the commit.

use std::sync::Arc;

use openmemory_calls::embed::Embedded;
use openmemory_calls::operations::{Applied, Ready, apply};
use openmemory_calls::outcome::{HasId, Outcome, aborted, item_error, read_items};
use openmemory_domain::filter::Filter;
use openmemory_domain::request::{
    AddMany, Delete, FeedbackRequest, Item, Merge, NewMemory, Operation, Operations, Reinforce, Restore, Retire, Touch,
    Update, UpdateMany,
};
use openmemory_domain::{Content, Dynamics, Embedding, Memory, MemoryId, ModelIdentity};
use openmemory_rules::contract::{Added, Control, Deleted, DeletedMany, ItemError, ItemResult, Operated};
use openmemory_rules::write::add::{self, Prepared};
use openmemory_rules::write::forget::{Mentions, delete_and_forget};
use openmemory_rules::write::text::Text;
use openmemory_rules::write::{delete, reinforce, restore, retire, update};
use openmemory_rules::{Changes, Error};

use crate::job::{Hints, ScopeRow};
use crate::prepare::{Before, Change, text_with};
use crate::store::Tenant;
use crate::workspace::Workspace;

/// New memories per commit. A memory can be linked only to memories of earlier commits.
const ADD_CHUNK: usize = 128;
/// Updates per commit.
const UPDATE_CHUNK: usize = 512;
/// Deletions per commit.
const DELETE_CHUNK: usize = 256;

/// A new memory, with its vectors if they need not be made.
struct Unprepared {
    new: NewMemory,
    known: Option<Arc<Embedding>>,
}

impl HasId for Unprepared {
    fn id(&self) -> Option<String> {
        HasId::id(&self.new)
    }
}

impl Tenant {
    /// The scopes of memories, and what a commit reads of them.
    pub(crate) async fn places<'a>(
        self: &Arc<Self>,
        ids: impl Iterator<Item = &'a MemoryId>,
    ) -> Result<(Vec<ScopeRow>, Hints), Error> {
        let (mut scopes, mut hints) = (Vec::new(), Hints::default());
        for id in ids {
            hints.ids.push(id.clone());
            if let Some((key, number)) = self.place(id).await? {
                hints.numbers.push((key, number));
                scopes.push(ScopeRow { key, user: None });
            }
        }
        scopes.sort_by_key(|scope: &ScopeRow| scope.key);
        scopes.dedup();
        Ok((scopes, hints))
    }

    /// Commits a change of one memory.
    async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        id: &MemoryId,
        text: Option<&Text>,
        work: impl Fn(&mut Workspace<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (mut scopes, mut hints) = self.places(std::iter::once(id)).await?;
        if scopes.is_empty() {
            // There is no such memory; the rule says how it is refused.
            scopes.push(self.scope_of(&openmemory_domain::Scope::default()));
        }
        if let (Some(text), Some(scope)) = (text, scopes.first()) {
            hints.texts.extend(hints.numbers.iter().map(|(scope, number)| (*scope, *number, text.hash)));
            hints.numbers.extend(text.related.iter().map(|other| (scope.key, other.number.0)));
            hints.model = true;
        }
        self.commit(scopes, hints, work).await
    }

    pub(crate) async fn add(self: &Arc<Self>, new: NewMemory) -> Result<Added, Error> {
        if let Some(memory) = self.existing_to_skip(&new).await? {
            return Ok(Added { memory, existed: true });
        }
        self.check_free(&new).await?;
        self.fitting_model().await?;
        let embedding = match self.known_vectors_of(&new).await? {
            Some(known) => known,
            None => self.model.embed(&new.content).await?,
        };
        let scope = self.scope_of(&new.scope);
        let prepared = self.prepare(new, embedding).await?;
        let hints = hints_of(&scope, std::slice::from_ref(&prepared));
        let model = self.model.identity().await?.clone();
        let insertion =
            self.commit(vec![scope], hints, move |rows| add::add(rows, prepared.clone(), &model, rows.now())).await?;
        Ok(insertion.into_added())
    }

    pub(crate) async fn add_many(
        self: &Arc<Self>,
        request: AddMany,
        control: &Control,
    ) -> Result<Vec<ItemResult<Added>>, Error> {
        self.fitting_model().await?;
        let items = read_items(request.items);
        if request.atomic && items.iter().any(Result::is_err) {
            return Ok(aborted(items));
        }
        let mut unprepared = Vec::with_capacity(items.len());
        for item in items {
            unprepared.push(match item {
                Ok(new) => match self.known_vectors_of(&new).await {
                    Ok(known) => Ok(Unprepared { new, known }),
                    Err(error) => Err(ItemError { id: HasId::id(&new), error }),
                },
                Err(failed) => Err(failed),
            });
        }
        if request.atomic && unprepared.iter().any(Result::is_err) {
            return Ok(aborted(unprepared));
        }
        let unknown = unprepared.iter().flatten().filter(|item| item.known.is_none()).map(|item| &item.new.content);
        let report = |done, total| control.report(done, total);
        let embedded = self.model.embed_all(&unknown.collect::<Vec<_>>(), control, report).await?;
        let chunk = if request.atomic { unprepared.len() } else { ADD_CHUNK };
        let mut results = Vec::with_capacity(unprepared.len());
        while !unprepared.is_empty() {
            let rest = unprepared.split_off(chunk.min(unprepared.len()));
            let scopes = unprepared.iter().flatten().map(|item| self.scope_of(&item.new.scope)).collect();
            let prepared = self.prepare_items(unprepared, &embedded).await?;
            let mut hints = Hints { model: true, ..Hints::default() };
            for prepared in prepared.iter().flatten() {
                let scope = self.scope_of(&prepared.version.scope);
                hints.numbers.extend(prepared.text.related.iter().map(|other| (scope.key, other.number.0)));
                hints.new += 1;
            }
            let model = self.model.identity().await?.clone();
            let insert = move |rows: &mut Workspace<'_>, prepared: Prepared| {
                let id = prepared.id().to_string();
                add::add(rows, prepared, &model, rows.now()).map_err(|error| ItemError { id: Some(id), error })
            };
            results.extend(self.commit_items(scopes, hints, prepared, request.atomic, insert).await?);
            unprepared = rest;
        }
        Ok(results)
    }

    async fn prepare_items(
        self: &Arc<Self>,
        items: Vec<ItemResult<Unprepared>>,
        embedded: &Embedded,
    ) -> Result<Vec<ItemResult<Prepared>>, Error> {
        let with_vectors = |item: ItemResult<Unprepared>| {
            let Unprepared { new, known } = item?;
            let id = HasId::id(&new);
            match (known, embedded.get(&new.content.hash())) {
                (Some(known), _) => Ok((new, known)),
                (None, Some(Ok(embedding))) => Ok((new, Arc::clone(embedding))),
                (None, Some(Err(error))) => Err(ItemError { id, error: error.clone() }),
                (None, None) => Err(ItemError { id, error: Error::Internal("a text was not embedded") }),
            }
        };
        let items: Vec<ItemResult<(NewMemory, Arc<Embedding>)>> = items.into_iter().map(with_vectors).collect();
        let wanted = items.iter().flatten();
        let wanted = wanted.map(|(new, embedding)| (self.scope_of(&new.scope).key, Arc::clone(embedding))).collect();
        let mut related = self.related(wanted).await?.into_iter();
        let prepare = |item: ItemResult<(NewMemory, Arc<Embedding>)>| {
            let (new, embedding) = item?;
            let id = HasId::id(&new);
            let related = related.next().unwrap_or_default();
            self.prepared(new, embedding, related).map_err(|error| ItemError { id, error })
        };
        Ok(items.into_iter().map(prepare).collect())
    }

    /// Applies the good items in one commit and returns the results of all items in order.
    async fn commit_items<I, O, W>(
        self: &Arc<Self>,
        mut scopes: Vec<ScopeRow>,
        hints: Hints,
        items: Vec<ItemResult<I>>,
        atomic: bool,
        apply: W,
    ) -> Result<Vec<ItemResult<O::Answer>>, Error>
    where
        I: Clone + Send + 'static,
        O: Outcome,
        W: Fn(&mut Workspace<'_>, I) -> ItemResult<O> + Send + 'static,
    {
        if items.iter().all(Result::is_err) {
            return Ok(items.into_iter().filter_map(Result::err).map(Err).collect());
        }
        scopes.sort_by_key(|scope| (scope.key, scope.user.is_none()));
        scopes.dedup_by_key(|scope| scope.key);
        let work = move |rows: &mut Workspace<'_>| {
            let applied = rows.attempt(|rows| {
                let apply = |item: ItemResult<I>| item.and_then(|item| rows.attempt(|rows| apply(rows, item)));
                let results: Vec<ItemResult<O>> = items.iter().cloned().map(apply).collect();
                // An error rolls back the writes of the other items.
                if atomic && results.iter().any(Result::is_err) { Err(aborted(results)) } else { Ok(results) }
            });
            Ok(match applied {
                Ok(results) => results.into_iter().map(|result| result.map(Outcome::into_answer)).collect(),
                Err(aborted) => aborted,
            })
        };
        self.commit(scopes, hints, work).await
    }

    pub(crate) async fn update(self: &Arc<Self>, update: Update) -> Result<Memory, Error> {
        let text = match &update.patch.content {
            Some(content) => {
                let check = Some(update.if_version);
                let change = Change { id: update.id.clone(), text: Some(content.hash()), check };
                let before = self.before(vec![change]).await?.pop();
                let before = before.unwrap_or(Err(Error::Internal("nothing is known of a memory")))?;
                Some(self.text(content, &before).await?)
            }
            None => None,
        };
        let (id, known) = (update.id.clone(), text.clone());
        let work = move |rows: &mut Workspace<'_>| update::update(rows, &update, text.as_ref(), rows.now());
        Ok(self.change(&id, known.as_ref(), work).await?.memory)
    }

    pub(crate) async fn restore(self: &Arc<Self>, request: Restore) -> Result<Memory, Error> {
        let text = self.text_to_restore(&request).await?;
        let (id, known) = (request.id.clone(), text.clone());
        let work = move |rows: &mut Workspace<'_>| restore::restore(rows, &request, text.as_ref(), rows.now());
        Ok(self.change(&id, known.as_ref(), work).await?.memory)
    }

    pub(crate) async fn retire(self: &Arc<Self>, request: Retire) -> Result<Memory, Error> {
        let id = request.id.clone();
        Ok(self.change(&id, None, move |rows| retire::retire(rows, &request, rows.now())).await?.memory)
    }

    pub(crate) async fn reinforce(self: &Arc<Self>, request: Reinforce) -> Result<Memory, Error> {
        let now = self.now();
        self.change_dynamics(request.id, move |dynamics| dynamics.reinforced(request.boost, now)).await
    }

    pub(crate) async fn feedback(self: &Arc<Self>, request: FeedbackRequest) -> Result<Memory, Error> {
        let FeedbackRequest { id, feedback, reason } = request;
        self.change_dynamics(id, move |dynamics| dynamics.judged(feedback, reason.clone())).await
    }

    async fn change_dynamics(
        self: &Arc<Self>,
        id: MemoryId,
        change: impl Fn(&Dynamics) -> Dynamics + Send + 'static,
    ) -> Result<Memory, Error> {
        let wanted = id.clone();
        let work = move |rows: &mut Workspace<'_>| {
            let now = rows.now();
            reinforce::change_dynamics(rows, &wanted, |dynamics| change(dynamics), now).map(|(_, memory)| memory)
        };
        self.change(&id, None, work).await
    }

    pub(crate) async fn delete(self: &Arc<Self>, request: Delete) -> Result<Deleted, Error> {
        let id = request.id.clone();
        let work = move |rows: &mut Workspace<'_>| {
            let now = rows.now();
            delete_and_forget(rows, request.clone(), now)
        };
        let deleted = self.change(&id, None, work).await;
        self.forget(&id);
        deleted.map(|(_, deleted)| deleted)
    }

    pub(crate) async fn update_many(
        self: &Arc<Self>,
        request: UpdateMany,
        control: &Control,
    ) -> Result<Vec<ItemResult<Memory>>, Error> {
        // `if_version` is left to the commit, because an earlier item may create that version.
        let change = |update: &Update| Change {
            id: update.id.clone(),
            text: update.patch.content.as_ref().map(Content::hash),
            check: Some(None),
        };
        let read = read_items(request.items);
        let mut known = Vec::with_capacity(read.len());
        for some in read.chunks(UPDATE_CHUNK) {
            known.extend(self.before(some.iter().flatten().map(change).collect()).await?);
        }
        let mut known = known.into_iter();
        let with_known = |item: ItemResult<Update>| {
            let update = item?;
            match known.next() {
                Some(Ok(before)) => Ok((update, before)),
                Some(Err(error)) => Err(ItemError { id: Some(update.id.to_string()), error }),
                None => Err(ItemError { id: None, error: Error::Internal("nothing is known of a memory") }),
            }
        };
        let items: Vec<ItemResult<(Update, Before)>> = read.into_iter().map(with_known).collect();
        if request.atomic && items.iter().any(Result::is_err) {
            return Ok(aborted(items.into_iter().map(|item| item.map(|(update, _)| update)).collect()));
        }
        let unknown = items.iter().flatten().filter(|(_, before)| !before.has_vectors());
        let unknown: Vec<&Content> = unknown.filter_map(|(update, _)| update.patch.content.as_ref()).collect();
        if !unknown.is_empty() {
            self.fitting_model().await?;
        }
        let embedded = self.model.embed_all(&unknown, control, |done, total| control.report(done, total)).await?;
        let mut texts = self.with_texts(items, &embedded).await?;
        let chunk = if request.atomic { texts.len() } else { UPDATE_CHUNK };
        let mut results = Vec::with_capacity(texts.len());
        while !texts.is_empty() {
            let rest = texts.split_off(chunk.min(texts.len()));
            let (scopes, mut hints) = self.places(texts.iter().flatten().map(|(update, _)| &update.id)).await?;
            hints.model = texts.iter().flatten().any(|(_, text)| text.is_some());
            for (update, text) in texts.iter().flatten() {
                let place = self.known_place(&update.id);
                hints.texts.extend(text.as_ref().zip(place).map(|(text, (scope, number))| (scope, number, text.hash)));
            }
            let apply = move |rows: &mut Workspace<'_>, (update, text): (Update, Option<Text>)| {
                update::update(rows, &update, text.as_ref(), rows.now())
                    .map_err(|error| ItemError { id: Some(update.id.to_string()), error })
            };
            results.extend(self.commit_items(scopes, hints, texts, request.atomic, apply).await?);
            texts = rest;
        }
        Ok(results)
    }

    /// Updates with the texts that they set.
    async fn with_texts(
        self: &Arc<Self>,
        items: Vec<ItemResult<(Update, Before)>>,
        embedded: &Embedded,
    ) -> Result<Vec<ItemResult<(Update, Option<Text>)>>, Error> {
        let embedding = |(update, _): &(Update, Before)| {
            let known = update.patch.content.as_ref().and_then(|content| embedded.get(&content.hash()));
            known.cloned().transpose()
        };
        let embeddings: Vec<Result<Option<Arc<Embedding>>, Error>> = items.iter().flatten().map(embedding).collect();
        let linked = items.iter().flatten().zip(&embeddings);
        let linked = linked.map(|((_, before), embedding)| (before, embedding.clone().ok().flatten())).collect();
        let mut related = self.more_related(linked).await?.into_iter();
        let mut embeddings = embeddings.into_iter();
        let with_text = |item: ItemResult<(Update, Before)>| {
            let (update, _) = item?;
            let related = related.next().unwrap_or_default();
            let id = || Some(update.id.to_string());
            let embedding = embeddings.next().unwrap_or(Ok(None)).map_err(|error| ItemError { id: id(), error })?;
            let text = update.patch.content.as_ref().map(|content| text_with(content, embedding, related));
            Ok((update, text))
        };
        Ok(items.into_iter().map(with_text).collect())
    }

    /// The text that an update sets, unless the memory has its vectors.
    async fn unknown_text<'a>(self: &Arc<Self>, update: &'a Update) -> Result<Option<&'a Content>, Error> {
        let Some(content) = &update.patch.content else { return Ok(None) };
        let before = self.before_one(&update.id, content).await?;
        Ok((!before.has_vectors()).then_some(content))
    }

    pub(crate) async fn touch(self: &Arc<Self>, request: Touch) -> Result<Vec<ItemResult<Memory>>, Error> {
        let (items, expires_at) = (read_ids(request.ids), request.expires_at);
        let (scopes, hints) = self.places(items.iter().flatten()).await?;
        let apply = move |rows: &mut Workspace<'_>, id: MemoryId| {
            update::touch(rows, &id, expires_at, rows.now())
                .map_err(|error| ItemError { id: Some(id.to_string()), error })
        };
        self.commit_items(scopes, hints, items, false, apply).await
    }

    pub(crate) async fn delete_many(
        self: &Arc<Self>,
        ids: Vec<Item<MemoryId>>,
    ) -> Result<Vec<ItemResult<Deleted>>, Error> {
        let items = read_ids(ids);
        let (scopes, hints) = self.places(items.iter().flatten()).await?;
        let hints = Hints { sources: true, ..hints };
        let named: Vec<MemoryId> = items.iter().flatten().cloned().collect();
        let work = move |rows: &mut Workspace<'_>| {
            let remove = |item: &ItemResult<MemoryId>| {
                let id = item.clone()?;
                let now = rows.now();
                rows.attempt(|rows| delete_and_forget(rows, id.clone().into(), now))
                    .map(|(_, deleted)| deleted)
                    .map_err(|error| ItemError { id: Some(id.to_string()), error })
            };
            Ok(items.iter().map(remove).collect())
        };
        let deleted = self.commit(scopes, hints, work).await;
        named.iter().for_each(|id| self.forget(id));
        deleted
    }

    /// Deletes the memories of `ids` that still match.
    pub(crate) async fn delete_matching(
        self: &Arc<Self>,
        ids: Vec<MemoryId>,
        filter: Option<Arc<Filter>>,
        control: &Control,
    ) -> Result<DeletedMany, Error> {
        // First, so that nothing is learnt any longer from what waits.
        let promised = self.forget_documents_of(filter.as_deref()).await?;
        let mut deleted = Vec::with_capacity(ids.len());
        self.delete_chunks(&ids, &filter, control, &mut deleted).await?;
        if promised {
            // What was learnt since the caller looked.
            let left = self.ids_matching(filter.clone(), Arc::default()).await?;
            self.delete_chunks(&left, &filter, control, &mut deleted).await?;
        }
        self.forget_users(filter.as_deref()).await?;
        Ok(DeletedMany { deleted: deleted.len(), ids: deleted })
    }

    async fn delete_chunks(
        self: &Arc<Self>,
        ids: &[MemoryId],
        filter: &Option<Arc<Filter>>,
        control: &Control,
        deleted: &mut Vec<String>,
    ) -> Result<(), Error> {
        let total = deleted.len() + ids.len();
        for chunk in ids.chunks(DELETE_CHUNK) {
            if control.is_cancelled() {
                return Err(Error::Interrupted { done: deleted.len(), total });
            }
            let (scopes, hints) = self.places(chunk.iter()).await?;
            let (named, filter) = (chunk.to_vec(), filter.clone());
            let work = move |rows: &mut Workspace<'_>| {
                let mentions = Mentions::of(rows, &named)?;
                let removed = delete::delete_matching(rows, &named, filter.as_deref(), rows.now())?;
                mentions.forget(rows, removed.iter().map(|(_, deleted)| &deleted.memory.version.id))?;
                Ok(removed.into_iter().map(|(_, deleted)| deleted.memory.version.id.to_string()).collect::<Vec<_>>())
            };
            deleted.extend(self.commit(scopes, Hints { sources: true, ..hints }, work).await?);
            chunk.iter().for_each(|id| self.forget(id));
            control.report(deleted.len(), total);
        }
        Ok(())
    }

    pub(crate) async fn apply_operations(
        self: &Arc<Self>,
        request: Operations,
        control: &Control,
    ) -> Result<Vec<ItemResult<Operated>>, Error> {
        let items = read_items(request.items.into_iter().map(|item| item.map(Named)).collect());
        if items.iter().any(Result::is_err) {
            return Ok(aborted(items));
        }
        let operations: Vec<Operation> = items.into_iter().flatten().map(|named| named.0).collect();
        let has_new = operations.iter().any(|operation| matches!(operation, Operation::Add(_)));
        let embedded = self.embed_texts(&operations, control).await?;
        let (mut ready, mut scopes, mut hints) = (Vec::new(), Vec::new(), Hints::default());
        for operation in operations {
            let id = operation.id().map(MemoryId::to_string);
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

/// An operation, which names a memory.
struct Named(Operation);

impl HasId for Named {
    fn id(&self) -> Option<String> {
        self.0.id().map(MemoryId::to_string)
    }
}

fn hints_of(scope: &ScopeRow, prepared: &[Prepared]) -> Hints {
    let numbers = prepared.iter().flat_map(|new| &new.text.related).map(|other| (scope.key, other.number.0)).collect();
    let ids = prepared.iter().map(|new| new.id().clone()).collect();
    Hints { ids, numbers, new: prepared.len(), model: true, ..Hints::default() }
}

fn read_ids(ids: Vec<Item<MemoryId>>) -> Vec<ItemResult<MemoryId>> {
    ids.into_iter().map(|item| item.map_err(item_error)).collect()
}

//! How are many changes written at once? New texts are embedded together and committed in few transactions. Items
//! succeed or fail independently, or all together in an atomic batch.

use std::collections::HashSet;
use std::sync::Arc;

use super::embed::Embedded;
use super::engine::Engine;
use super::partitions::{User, user_of};
use openmemory_calls::index_text::words;
use openmemory_calls::outcome::{HasId, Outcome, item_error};
pub(super) use openmemory_calls::outcome::{aborted, read_items};
use openmemory_calls::unprepared::Unprepared;
use openmemory_domain::request::{AddMany, Item, NewMemory, Touch, Update, UpdateMany};
use openmemory_domain::{Content, Memory, MemoryId};
use openmemory_rules::contract::{Added, Control, Deleted, ItemError, ItemResult};
use openmemory_rules::write::add::{self, Prepared};
use openmemory_rules::write::committed::Committed;
use openmemory_rules::write::forget::delete_and_forget;
use openmemory_rules::write::text::Text;
use openmemory_rules::write::update;
use openmemory_rules::{Changes, Error, Number};
use openmemory_storage::Transaction;

/// New memories per commit. A memory can be linked only to memories of earlier commits, the previous one excepted.
const ADD_CHUNK: usize = 128;
/// Updates per commit.
const UPDATE_CHUNK: usize = 512;

impl Engine {
    /// Adds 1 to 1000 memories. An atomic batch with a bad item changes nothing: that item returns its error, the
    /// others `ABORTED`.
    pub async fn add_many(&self, request: AddMany, control: &Control) -> Result<Vec<ItemResult<Added>>, Error> {
        self.fitting_model().await?;
        let items = read_items(request.items);
        if request.atomic && items.iter().any(Result::is_err) {
            return Ok(aborted(items));
        }
        let mut items = self.with_known_vectors(items).await;
        if request.atomic && items.iter().any(Result::is_err) {
            return Ok(aborted(items));
        }
        let unknown = items.iter().flatten().filter(|item| item.known.is_none()).map(|item| &item.new.content);
        let report = |done, total| control.report(done, total);
        let embedded = self.embed_all(&unknown.collect::<Vec<_>>(), control, report).await?;
        let users: HashSet<User> = items.iter().flatten().map(|item| user_of(&item.new.scope)).collect();
        self.partitions.load(&self.store, users).await?;
        let chunk = if request.atomic { items.len() } else { ADD_CHUNK };
        let mut results = Vec::with_capacity(items.len());
        let mut prepared = self.prepare_items(&mut items, chunk, &embedded);
        while !prepared.is_empty() {
            let (model, now) = (self.model.identity().await?.clone(), self.now());
            let insert = move |transaction: &mut Transaction<'_>, prepared: Prepared| {
                let id = prepared.id().to_string();
                add::add(transaction, prepared, &model, now).map_err(|error| ItemError { id: Some(id), error })
            };
            // The next chunk is prepared while the writer commits this one.
            let commit = self.commit_items(prepared, request.atomic, insert);
            let prepare = async { self.prepare_items(&mut items, chunk, &embedded) };
            let (committed, next) = tokio::join!(biased; commit, prepare);
            results.extend(committed?);
            prepared = next;
        }
        Ok(results)
    }

    /// Takes a chunk of `items` and prepares it.
    fn prepare_items(
        &self,
        items: &mut Vec<ItemResult<Unprepared>>,
        chunk: usize,
        embedded: &Embedded,
    ) -> Vec<ItemResult<Prepared>> {
        let rest = items.split_off(chunk.min(items.len()));
        let taken = std::mem::replace(items, rest);
        taken.into_iter().map(|item| self.prepare_item(item?, embedded)).collect()
    }

    /// The items with the vectors that need not be made.
    async fn with_known_vectors(&self, items: Vec<ItemResult<NewMemory>>) -> Vec<ItemResult<Unprepared>> {
        let mut with_vectors = Vec::with_capacity(items.len());
        for item in items {
            with_vectors.push(match item {
                Ok(new) => match self.known_vectors_of(&new).await {
                    Ok(known) => Ok(Unprepared { new, known }),
                    Err(error) => Err(ItemError { id: HasId::id(&new), error }),
                },
                Err(failed) => Err(failed),
            });
        }
        with_vectors
    }

    fn prepare_item(&self, Unprepared { new, known }: Unprepared, embedded: &Embedded) -> ItemResult<Prepared> {
        let id = HasId::id(&new);
        let embedding = match (known, embedded.get(&new.content.hash())) {
            (Some(known), _) => Ok(known),
            (None, Some(embedding)) => embedding.clone(),
            (None, None) => Err(Error::Internal("a text was not embedded")),
        };
        embedding.and_then(|embedding| self.prepare(new, embedding)).map_err(|error| ItemError { id, error })
    }

    /// Updates 1 to 1000 memories. Several updates of one memory apply in order.
    pub async fn update_many(&self, request: UpdateMany, control: &Control) -> Result<Vec<ItemResult<Memory>>, Error> {
        let items = read_items(request.items).into_iter();
        let items: Vec<ItemResult<Update>> = items.map(|item| self.check_item(item?)).collect();
        if request.atomic && items.iter().any(Result::is_err) {
            return Ok(aborted(items));
        }
        let unknown = self.unknown_texts(&items).await?;
        if !unknown.is_empty() {
            self.fitting_model().await?;
        }
        let report = |done, total| control.report(done, total);
        let embedded = self.embed_all(&unknown, control, report).await?;
        for update in items.iter().flatten().filter(|update| update.patch.content.is_some()) {
            self.load_partition_of(&update.id).await?;
        }
        let mut texts: Vec<_> = items.into_iter().map(|item| self.with_text(item?, &embedded)).collect();
        let chunk = if request.atomic { texts.len() } else { UPDATE_CHUNK };
        let mut results = Vec::with_capacity(texts.len());
        while !texts.is_empty() {
            let rest = texts.split_off(chunk.min(texts.len()));
            let now = self.now();
            let apply = move |transaction: &mut Transaction<'_>, (update, text): (Update, Option<Text>)| {
                update::update(transaction, &update, text.as_ref(), now)
                    .map_err(|error| ItemError { id: Some(update.id.to_string()), error })
            };
            results.extend(self.commit_items(texts, request.atomic, apply).await?);
            texts = rest;
        }
        Ok(results)
    }

    pub(super) fn with_text(&self, update: Update, embedded: &Embedded) -> ItemResult<(Update, Option<Text>)> {
        let Some(content) = update.patch.content.clone() else { return Ok((update, None)) };
        let hash = content.hash();
        let text = || -> Result<Text, Error> {
            let embedding = embedded.get(&hash).cloned().transpose()?;
            let related = match &embedding {
                Some(embedding) => self.more_related(&update.id, embedding)?,
                None => Vec::new(),
            };
            let words = words(content.as_str());
            Ok(Text { content, hash, words, embedding, related })
        };
        match text() {
            Ok(text) => Ok((update, Some(text))),
            Err(error) => Err(ItemError { id: Some(update.id.to_string()), error }),
        }
    }

    /// Rejects early what the commit would reject, whatever the other items do.
    fn check_item(&self, update: Update) -> ItemResult<Update> {
        // `if_version` is left to the commit, because an earlier item may create that version.
        match self.check_update(&update.id, None) {
            Ok(()) => Ok(update),
            Err(error) => Err(ItemError { id: Some(update.id.to_string()), error }),
        }
    }

    async fn unknown_texts<'a>(&self, items: &'a [ItemResult<Update>]) -> Result<Vec<&'a Content>, Error> {
        let mut unknown = Vec::new();
        for update in items.iter().flatten() {
            if let Some(content) = &update.patch.content
                && !self.knows(&update.id, content.hash()).await?
            {
                unknown.push(content);
            }
        }
        Ok(unknown)
    }

    /// Applies the good items in one commit and returns the results of all items in order.
    async fn commit_items<I, O, W>(
        &self,
        items: Vec<ItemResult<I>>,
        atomic: bool,
        mut apply: W,
    ) -> Result<Vec<ItemResult<O::Answer>>, Error>
    where
        I: Send + 'static,
        O: Outcome,
        W: FnMut(&mut Transaction<'_>, I) -> ItemResult<O> + Send + 'static,
    {
        let listeners = self.listeners();
        let work = move |transaction: &mut Transaction<'_>| {
            let apply =
                |item: ItemResult<I>| item.and_then(|item| transaction.attempt(|transaction| apply(transaction, item)));
            let results: Vec<ItemResult<O>> = items.into_iter().map(apply).collect();
            // An error rolls back the writes of the other items.
            if atomic && results.iter().any(Result::is_err) { Err(aborted(results)) } else { Ok(results) }
        };
        let publish = move |results: &Vec<ItemResult<O>>| {
            let committed = results.iter().flatten().filter_map(Outcome::committed);
            committed.for_each(|committed| listeners.committed(committed));
        };
        let results = match self.store.commit(work, publish).await? {
            Ok(results) => results.into_iter().map(|result| result.map(Outcome::into_answer)).collect(),
            Err(aborted) => aborted,
        };
        self.judge_items(&results);
        Ok(results)
    }

    /// Applies [`Engine::judge`] to the errors of a batch.
    pub(super) fn judge_items<T>(&self, results: &[ItemResult<T>]) {
        for failed in results.iter().filter_map(|result| result.as_ref().err()) {
            let _ = self.judge::<()>(Err(failed.error.clone()));
        }
    }

    /// Changes when memories expire in one commit, without making versions. Items succeed or fail independently.
    pub async fn touch(&self, request: Touch) -> Result<Vec<ItemResult<Memory>>, Error> {
        let (now, expires_at, partitions) = (self.now(), request.expires_at, Arc::clone(&self.partitions));
        let work = move |transaction: &mut Transaction<'_>| -> Result<Vec<ItemResult<Committed>>, Error> {
            let touch = |item: Item<MemoryId>| {
                let id = item.map_err(item_error)?;
                transaction
                    .attempt(|transaction| update::touch(transaction, &id, expires_at, now))
                    .map_err(|error| ItemError { id: Some(id.to_string()), error })
            };
            Ok(request.ids.into_iter().map(touch).collect())
        };
        // Watchers are not told: nothing that a memory says has changed.
        let publish = move |results: &Vec<ItemResult<Committed>>| {
            results.iter().flatten().for_each(|committed| partitions.publish(committed));
        };
        let results = self.store.commit(work, publish).await??;
        self.judge_items(&results);
        Ok(results.into_iter().map(|result| result.map(|committed| committed.memory)).collect())
    }

    /// Deletes memories by id in one commit. Items succeed or fail independently.
    pub async fn delete_many(&self, ids: Vec<Item<MemoryId>>) -> Result<Vec<ItemResult<Deleted>>, Error> {
        let (now, listeners) = (self.now(), self.listeners());
        let work = move |transaction: &mut Transaction<'_>| -> Result<Vec<ItemResult<(Number, Deleted)>>, Error> {
            let remove = |item: Item<MemoryId>| {
                let id = item.map_err(item_error)?;
                transaction
                    .attempt(|transaction| delete_and_forget(transaction, id.clone().into(), now))
                    .map_err(|error| ItemError { id: Some(id.to_string()), error })
            };
            Ok(ids.into_iter().map(remove).collect())
        };
        let publish = move |results: &Vec<ItemResult<(Number, Deleted)>>| {
            results.iter().flatten().for_each(|(number, deleted)| listeners.deleted(*number, deleted));
        };
        let results = self.store.commit(work, publish).await??;
        self.judge_items(&results);
        Ok(results.into_iter().map(|result| result.map(|(_, deleted)| deleted)).collect())
    }
}

//! How does the engine implement the contract? Blocking reads run on the blocking pool, and [`Engine::judge`] inspects
//! every outcome, so that a failed disk is noticed.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use openmemory_domain::filter::Filter;
use openmemory_domain::learning::{Learning, LearningId};
use openmemory_domain::request::{
    AddMany, ById, Decide, Delete, Facets, FeedbackRequest, Get, History, Item, Learn, LearningById, List,
    ListLearnings, ListMessages, NewMemory, OnConflict, Operations, Reinforce, Restore, Retire, Search, Sources, Touch,
    Update, UpdateMany, Watch,
};
use openmemory_domain::{Memory, MemoryId, Scope, Shown};
use openmemory_learning::LanguageModel;
use openmemory_learning::redact::redacted;
use openmemory_rules::contract::{
    Added, BackedUp, Compacted, Control, Deleted, DeletedMany, DeletedMessages, EntityStats, ExportSink, Exported,
    Faceted, Hit, Imported, ItemResult, LearningPage, Link, MemoryChange, MemoryStore, MemoryVersion, MessagePage,
    Operated, Page, QueryVector, Reindexed, Reply, SectorStats, SourceText, Stats, Wake, Watcher,
};
use openmemory_rules::{Error, ImportFile};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tracing::Span;

use super::engine::Engine;
use super::healing::{Directory, Shared};
use super::watch;

/// The engine of a directory as a [`MemoryStore`]. Held for a few calls only, so that a failed engine can be replaced.
pub struct EngineStore {
    engine: Arc<Shared>,
    language_model: Option<Arc<dyn LanguageModel>>,
}

impl EngineStore {
    /// `language_model` is what the store learns with.
    pub fn new(engine: Arc<Shared>, language_model: Option<Arc<dyn LanguageModel>>) -> Self {
        Self { engine, language_model }
    }

    /// A call that waits asynchronously.
    async fn judged<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.engine.judge(call.await)
    }

    /// A call that blocks, on the blocking pool.
    fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Engine) -> Result<T, Error> + Send + 'static,
    ) -> Reply<'static, T> {
        let engine = Arc::clone(&self.engine);
        Box::pin(blocking(move || engine.judge(read(&engine))))
    }
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (span, (done, result)) = (Span::current(), oneshot::channel());
    // Of one type whatever it runs: the code of a task is compiled for each type that is spawned.
    let work: Box<dyn FnOnce() + Send> = Box::new(move || drop(done.send(span.in_scope(work))));
    spawn_blocking(work);
    result.await.unwrap_or(Err(Error::Internal("a call panicked")))
}

impl MemoryStore for EngineStore {
    fn ready(&self) -> Reply<'_, ()> {
        Box::pin(self.judged(self.engine.ready()))
    }

    fn add(&self, new: NewMemory) -> Reply<'_, Added> {
        Box::pin(self.judged(self.engine.add(new)))
    }

    fn add_many(&self, batch: AddMany, control: Arc<Control>) -> Reply<'_, Vec<ItemResult<Added>>> {
        Box::pin(async move { self.judged(self.engine.add_many(batch, &control)).await })
    }

    fn get(&self, request: Get) -> Reply<'_, Memory> {
        self.read(move |engine| engine.get(&request))
    }

    fn list(&self, request: List, control: Arc<Control>) -> Reply<'_, Page> {
        self.read(move |engine| engine.list(&request, &control))
    }

    fn count(&self, filter: Option<Filter>, shown: Shown, control: Arc<Control>) -> Reply<'_, u64> {
        self.read(move |engine| engine.count_matching(filter.as_ref(), shown, &control))
    }

    fn facets(&self, request: Facets, control: Arc<Control>) -> Reply<'_, Faceted> {
        self.read(move |engine| engine.facets(&request, &control))
    }

    fn update(&self, update: Update) -> Reply<'_, Memory> {
        Box::pin(self.judged(self.engine.update(update)))
    }

    fn update_many(&self, batch: UpdateMany, control: Arc<Control>) -> Reply<'_, Vec<ItemResult<Memory>>> {
        Box::pin(async move { self.judged(self.engine.update_many(batch, &control)).await })
    }

    fn touch(&self, request: Touch) -> Reply<'_, Vec<ItemResult<Memory>>> {
        Box::pin(self.judged(self.engine.touch(request)))
    }

    fn restore(&self, request: Restore) -> Reply<'_, Memory> {
        Box::pin(self.judged(self.engine.restore(request)))
    }

    fn retire(&self, request: Retire) -> Reply<'_, Memory> {
        Box::pin(self.judged(self.engine.retire(request)))
    }

    fn apply_operations(&self, request: Operations, control: Arc<Control>) -> Reply<'_, Vec<ItemResult<Operated>>> {
        Box::pin(async move { self.judged(self.engine.apply_operations(request, &control)).await })
    }

    fn delete(&self, request: Delete) -> Reply<'_, Deleted> {
        Box::pin(self.judged(self.engine.delete(request)))
    }

    fn delete_many(&self, ids: Vec<Item<MemoryId>>) -> Reply<'_, Vec<ItemResult<Deleted>>> {
        Box::pin(self.judged(self.engine.delete_many(ids)))
    }

    fn ids_matching(&self, filter: Option<Arc<Filter>>, control: Arc<Control>) -> Reply<'_, Vec<MemoryId>> {
        self.read(move |engine| engine.ids_matching(filter.as_deref(), &control))
    }

    fn delete_matching(
        &self,
        ids: Vec<MemoryId>,
        filter: Option<Arc<Filter>>,
        control: Arc<Control>,
    ) -> Reply<'_, DeletedMany> {
        Box::pin(async move { self.judged(self.engine.delete_matching(ids, filter, &control)).await })
    }

    fn embed_query<'a>(&'a self, request: &'a Search) -> Reply<'a, QueryVector> {
        Box::pin(self.judged(self.engine.embed_query(request)))
    }

    fn search(&self, request: Search, vector: QueryVector, control: Arc<Control>) -> Reply<'_, Vec<Hit>> {
        self.read(move |engine| engine.search(&request, &vector, &control))
    }

    fn history(&self, request: History, control: Arc<Control>) -> Reply<'_, Vec<MemoryVersion>> {
        self.read(move |engine| engine.history(&request, &control))
    }

    fn waypoints(&self, request: ById) -> Reply<'_, Vec<Link>> {
        self.read(move |engine| engine.waypoints(&request))
    }

    fn reinforce(&self, request: Reinforce) -> Reply<'_, Memory> {
        Box::pin(self.judged(self.engine.reinforce(request)))
    }

    fn feedback(&self, request: FeedbackRequest) -> Reply<'_, Memory> {
        Box::pin(self.judged(self.engine.feedback(request)))
    }

    fn watch(&self, request: Watch) -> Result<Box<dyn Watcher>, Error> {
        let watcher = Some(self.engine.watch(&request)?);
        Ok(Box::new(EngineWatcher { watcher, directory: Arc::clone(self.engine.directory()) }))
    }

    fn export(&self, filter: Option<Filter>, control: Arc<Control>, mut sink: ExportSink) -> Reply<'_, Exported> {
        Box::pin(async move {
            let engine = Arc::clone(&self.engine);
            let (answer, answered) = oneshot::channel();
            let export = move || {
                let exported = engine.export(filter.as_ref(), &control, &mut |bytes| {
                    // A slow sink must not keep a failed store from being reopened.
                    if engine.directory().is_wanted() { Err(Error::StoreFailed) } else { sink(bytes) }
                });
                let _ = answer.send(engine.judge(exported));
            };
            // Not on the blocking pool: the sink may block for long, and other reads need the pool's threads.
            let begun = thread::Builder::new().name("openmemory-export".into()).spawn(export);
            begun.map_err(|_| Error::Internal("no thread could be started for an export"))?;
            answered.await.unwrap_or(Err(Error::Internal("an export panicked")))
        })
    }

    fn import(&self, file: ImportFile, on_conflict: OnConflict, control: Arc<Control>) -> Reply<'_, Imported> {
        Box::pin(async move { self.judged(self.engine.import_from(file, on_conflict, &control)).await })
    }

    fn can_learn(&self) -> bool {
        self.language_model.is_some()
    }

    fn learn(&self, request: Learn, control: Arc<Control>) -> Reply<'_, Learning> {
        let model = self.language_model.clone();
        Box::pin(async move { self.judged(self.engine.learn(request, model, &control)).await })
    }

    fn decide(&self, request: Decide) -> Reply<'_, Learning> {
        Box::pin(self.judged(self.engine.decide(request)))
    }

    fn undo_learning(&self, request: LearningById) -> Reply<'_, Learning> {
        Box::pin(self.judged(self.engine.undo_learning(request)))
    }

    fn learning(&self, id: LearningId) -> Reply<'_, Learning> {
        self.read(move |engine| engine.learning(&id))
    }

    fn list_learnings(&self, request: ListLearnings) -> Reply<'_, LearningPage> {
        self.read(move |engine| engine.list_learnings(&request))
    }

    fn sources(&self, request: Sources) -> Reply<'_, Vec<SourceText>> {
        self.read(move |engine| engine.sources(&request))
    }

    fn list_messages(&self, request: ListMessages) -> Reply<'_, MessagePage> {
        self.read(move |engine| engine.list_messages(&request))
    }

    fn delete_messages(&self, scope: Scope) -> Reply<'_, DeletedMessages> {
        Box::pin(self.judged(self.engine.delete_messages(scope)))
    }

    fn without_secrets(&self, text: &str) -> String {
        redacted(text)
    }

    fn document(&self, name: String) -> Reply<'_, Option<Value>> {
        self.read(move |engine| engine.document(&name))
    }

    fn document_names(&self, prefix: String) -> Reply<'_, Vec<String>> {
        self.read(move |engine| engine.document_names(&prefix))
    }

    fn put_documents(&self, documents: Vec<(String, Option<Value>)>) -> Reply<'_, ()> {
        Box::pin(self.judged(self.engine.put_documents(documents)))
    }

    fn stats(&self) -> Reply<'_, Stats> {
        self.read(Engine::stats)
    }

    fn sector_stats(&self, control: Arc<Control>) -> Reply<'_, Vec<SectorStats>> {
        self.read(move |engine| engine.sector_stats(&control))
    }

    fn entities(&self, control: Arc<Control>) -> Reply<'_, Vec<EntityStats>> {
        self.read(move |engine| engine.entities(&control))
    }

    fn reindex(&self, control: Arc<Control>) -> Reply<'_, Reindexed> {
        Box::pin(async move { self.judged(self.engine.reindex(&control)).await })
    }

    fn flush(&self) -> Reply<'_, ()> {
        self.read(Engine::flush)
    }

    fn compact(&self) -> Reply<'_, Compacted> {
        self.read(Engine::compact)
    }

    fn backup(&self, directory: PathBuf, control: Arc<Control>) -> Reply<'_, BackedUp> {
        self.read(move |engine| engine.backup(&directory, &control))
    }
}

/// Holds no engine while it waits, so that a failed one can be replaced.
struct EngineWatcher {
    /// `None` during a call.
    watcher: Option<watch::Watcher>,
    directory: Arc<Directory>,
}

impl Watcher for EngineWatcher {
    fn next(&mut self, control: Arc<Control>, wake: Wake) -> Reply<'_, Option<Vec<MemoryChange>>> {
        Box::pin(async move {
            let engine = self.directory.engine().await?;
            let mut watcher = self.watcher.take().ok_or(Error::Internal("a watcher was called twice at once"))?;
            let next = move || {
                let changes = engine.judge(watcher.next(&engine, &control, move || wake()))?;
                Ok((watcher, changes))
            };
            let (watcher, changes) = blocking(next).await?;
            self.watcher = Some(watcher);
            Ok(changes)
        })
    }

    fn reads_store(&self) -> bool {
        self.watcher.as_ref().is_some_and(watch::Watcher::reads_store)
    }

    fn cursor(&self) -> String {
        self.watcher.as_ref().map(watch::Watcher::cursor).unwrap_or_default()
    }
}

//! How does a database fulfil the contract of a store? What has no meaning there, or is not there yet, is refused and says
//! what to use.

use std::path::PathBuf;
use std::sync::Arc;

use openmemory_calls::learning;
use openmemory_domain::filter::Filter;
use openmemory_domain::learning::{Learning, LearningId};
use openmemory_domain::request::{
    AddMany, ById, Decide, Delete, Facets, FeedbackRequest, Get, History, Item, Learn, LearningById, List,
    ListLearnings, ListMessages, NewMemory, OnConflict, Operations, Reinforce, Restore, Retire, Search, Sources, Touch,
    Update, UpdateMany, Watch,
};
use openmemory_domain::{Memory, MemoryId, Scope, Shown};
use openmemory_learning::LanguageModel;
use openmemory_rules::contract::{
    Added, BackedUp, Compacted, Control, Deleted, DeletedMany, DeletedMessages, EntityStats, ExportSink, Exported,
    Faceted, Hit, Imported, ItemResult, LearningPage, Link, MemoryStore, MemoryVersion, MessagePage, Operated, Page,
    QueryVector, Reindexed, Reply, SectorStats, SourceText, Stats, Watcher,
};
use openmemory_rules::{Error, ImportFile};
use serde_json::Value;

use crate::store::PostgresStore;

fn unsupported<T: Send + 'static>(call: &'static str, instead: &'static str) -> Reply<'static, T> {
    Box::pin(std::future::ready(Err(Error::Unsupported { call, instead })))
}

impl PostgresStore {
    /// Learns with a model that the caller has. Without one nothing is kept and nothing is sent.
    pub fn learn_with(
        &self,
        request: Learn,
        model: Option<Arc<dyn LanguageModel>>,
        control: Arc<Control>,
    ) -> Reply<'_, Learning> {
        Box::pin(async move { learning::learn(self, request, model, &control).await })
    }
}

impl MemoryStore for PostgresStore {
    fn ready(&self) -> Reply<'_, ()> {
        Box::pin(async move { self.tenant.model.query("ready".into()).await.map(drop) })
    }

    fn add(&self, new: NewMemory) -> Reply<'_, Added> {
        Box::pin(self.tenant.add(new))
    }

    fn add_many(&self, batch: AddMany, control: Arc<Control>) -> Reply<'_, Vec<ItemResult<Added>>> {
        Box::pin(async move { self.tenant.add_many(batch, &control).await })
    }

    fn get(&self, request: Get) -> Reply<'_, Memory> {
        Box::pin(self.tenant.get(request))
    }

    fn list(&self, request: List, control: Arc<Control>) -> Reply<'_, Page> {
        Box::pin(self.tenant.list(request, control))
    }

    fn count(&self, filter: Option<Filter>, shown: Shown, control: Arc<Control>) -> Reply<'_, u64> {
        Box::pin(self.tenant.count(filter, shown, control))
    }

    fn facets(&self, request: Facets, control: Arc<Control>) -> Reply<'_, Faceted> {
        Box::pin(self.tenant.facets(request, control))
    }

    fn update(&self, update: Update) -> Reply<'_, Memory> {
        Box::pin(self.tenant.update(update))
    }

    fn update_many(&self, batch: UpdateMany, control: Arc<Control>) -> Reply<'_, Vec<ItemResult<Memory>>> {
        Box::pin(async move { self.tenant.update_many(batch, &control).await })
    }

    fn touch(&self, request: Touch) -> Reply<'_, Vec<ItemResult<Memory>>> {
        Box::pin(self.tenant.touch(request))
    }

    fn restore(&self, request: Restore) -> Reply<'_, Memory> {
        Box::pin(self.tenant.restore(request))
    }

    fn retire(&self, request: Retire) -> Reply<'_, Memory> {
        Box::pin(self.tenant.retire(request))
    }

    fn apply_operations(&self, request: Operations, control: Arc<Control>) -> Reply<'_, Vec<ItemResult<Operated>>> {
        Box::pin(async move { self.tenant.apply_operations(request, &control).await })
    }

    fn delete(&self, request: Delete) -> Reply<'_, Deleted> {
        Box::pin(self.tenant.delete(request))
    }

    fn delete_many(&self, ids: Vec<Item<MemoryId>>) -> Reply<'_, Vec<ItemResult<Deleted>>> {
        Box::pin(self.tenant.delete_many(ids))
    }

    fn ids_matching(&self, filter: Option<Arc<Filter>>, control: Arc<Control>) -> Reply<'_, Vec<MemoryId>> {
        Box::pin(self.tenant.ids_matching(filter, control))
    }

    fn delete_matching(
        &self,
        ids: Vec<MemoryId>,
        filter: Option<Arc<Filter>>,
        control: Arc<Control>,
    ) -> Reply<'_, DeletedMany> {
        Box::pin(async move { self.tenant.delete_matching(ids, filter, &control).await })
    }

    fn embed_query<'a>(&'a self, request: &'a Search) -> Reply<'a, QueryVector> {
        Box::pin(self.tenant.embed_query(request))
    }

    fn search(&self, request: Search, vector: QueryVector, control: Arc<Control>) -> Reply<'_, Vec<Hit>> {
        Box::pin(async move {
            match request.reads_past() {
                true => self.tenant.search_past(request, vector, control).await,
                false => self.tenant.search(request, vector, control).await,
            }
        })
    }

    fn history(&self, request: History, control: Arc<Control>) -> Reply<'_, Vec<MemoryVersion>> {
        Box::pin(self.tenant.history(request, control))
    }

    fn waypoints(&self, request: ById) -> Reply<'_, Vec<Link>> {
        Box::pin(self.tenant.waypoints(request))
    }

    fn reinforce(&self, request: Reinforce) -> Reply<'_, Memory> {
        Box::pin(self.tenant.reinforce(request))
    }

    fn feedback(&self, request: FeedbackRequest) -> Reply<'_, Memory> {
        Box::pin(self.tenant.feedback(request))
    }

    fn watch(&self, request: Watch) -> Result<Box<dyn Watcher>, Error> {
        Ok(Box::new(self.tenant.watch(&request)?))
    }

    fn export(&self, filter: Option<Filter>, control: Arc<Control>, sink: ExportSink) -> Reply<'_, Exported> {
        Box::pin(self.tenant.export(filter, control, sink))
    }

    fn import(&self, file: ImportFile, on_conflict: OnConflict, control: Arc<Control>) -> Reply<'_, Imported> {
        Box::pin(async move { self.tenant.import(file, on_conflict, &control).await })
    }

    fn can_learn(&self) -> bool {
        self.language_model.is_some()
    }

    fn learn(&self, request: Learn, control: Arc<Control>) -> Reply<'_, Learning> {
        self.learn_with(request, self.language_model.clone(), control)
    }

    fn decide(&self, request: Decide) -> Reply<'_, Learning> {
        Box::pin(learning::decide(self, request))
    }

    fn undo_learning(&self, request: LearningById) -> Reply<'_, Learning> {
        Box::pin(learning::undo_learning(self, request))
    }

    fn learning(&self, id: LearningId) -> Reply<'_, Learning> {
        Box::pin(async move { Ok(learning::kept_learning(self, &id).await?.learning) })
    }

    fn list_learnings(&self, request: ListLearnings) -> Reply<'_, LearningPage> {
        Box::pin(self.tenant.list_learnings(request))
    }

    fn sources(&self, request: Sources) -> Reply<'_, Vec<SourceText>> {
        Box::pin(self.tenant.sources(request))
    }

    fn list_messages(&self, request: ListMessages) -> Reply<'_, MessagePage> {
        Box::pin(self.tenant.list_messages(request))
    }

    fn delete_messages(&self, scope: Scope) -> Reply<'_, DeletedMessages> {
        Box::pin(self.tenant.delete_messages(scope))
    }

    fn without_secrets(&self, text: &str) -> String {
        openmemory_learning::redact::redacted(text)
    }

    fn document(&self, name: String) -> Reply<'_, Option<Value>> {
        Box::pin(self.tenant.document(name))
    }

    fn document_names(&self, prefix: String) -> Reply<'_, Vec<String>> {
        Box::pin(self.tenant.document_names(prefix))
    }

    fn put_documents(&self, documents: Vec<(String, Option<Value>)>) -> Reply<'_, ()> {
        Box::pin(self.tenant.put_documents(documents))
    }

    fn stats(&self) -> Reply<'_, Stats> {
        Box::pin(self.tenant.stats())
    }

    fn sector_stats(&self, control: Arc<Control>) -> Reply<'_, Vec<SectorStats>> {
        Box::pin(self.tenant.sector_stats(control))
    }

    fn entities(&self, control: Arc<Control>) -> Reply<'_, Vec<EntityStats>> {
        Box::pin(self.tenant.entities(control))
    }

    fn reindex(&self, control: Arc<Control>) -> Reply<'_, Reindexed> {
        Box::pin(async move { self.tenant.reindex(&control).await })
    }

    fn flush(&self) -> Reply<'_, ()> {
        unsupported("flush", "every acknowledged write is as durable as the database's synchronous_commit makes it")
    }

    fn compact(&self) -> Reply<'_, Compacted> {
        unsupported("compact", "use VACUUM of the database")
    }

    fn backup(&self, _directory: PathBuf, _control: Arc<Control>) -> Reply<'_, BackedUp> {
        unsupported("backup", "use pg_dump or pg_basebackup of the database")
    }
}

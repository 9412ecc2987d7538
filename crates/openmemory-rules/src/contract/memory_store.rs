//! Which calls does every store of memories offer, whatever its storage engine?

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use openmemory_domain::filter::Filter;
use openmemory_domain::learning::{Learning, LearningId};
use openmemory_domain::request::{
    AddMany, ById, Decide, Delete, Facets, FeedbackRequest, Get, History, Item, Learn, LearningById, List,
    ListLearnings, ListMessages, NewMemory, OnConflict, Operations, Reinforce, Restore, Retire, Search, Sources, Touch,
    Update, UpdateMany, Watch,
};
use openmemory_domain::{Memory, MemoryId, Scope, Shown};
use serde_json::Value;

use super::{
    Added, BackedUp, Compacted, Control, Deleted, DeletedMany, DeletedMessages, EntityStats, Exported, Faceted, Hit,
    Imported, ItemResult, LearningPage, Link, MemoryVersion, MessagePage, Operated, Page, Reindexed, SectorStats,
    SourceText, Stats, Watcher,
};
use crate::error::Error;
use crate::import_file::ImportFile;

/// The result of a call. Dropping the future does not stop a write that has begun. Cancelling the control ends a read.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Receives the bytes of an export. It may block indefinitely; an error ends the export.
pub type ExportSink = Box<dyn FnMut(&[u8]) -> Result<(), Error> + Send>;

/// The vector of a query.
pub type QueryVector = Arc<[f32]>;

/// One store of memories.
///
/// No call blocks the thread that polls it. An acknowledged write is as durable as the store's durability setting
/// promises, and later reads see it.
pub trait MemoryStore: Send + Sync {
    /// Loads everything that the first search would wait for.
    fn ready(&self) -> Reply<'_, ()>;

    fn add(&self, new: NewMemory) -> Reply<'_, Added>;

    /// Adds 1 to 1000 memories. An atomic batch with a bad item adds nothing: that item returns its error, the others
    /// `ABORTED`.
    fn add_many(&self, batch: AddMany, control: Arc<Control>) -> Reply<'_, Vec<ItemResult<Added>>>;

    fn get(&self, request: Get) -> Reply<'_, Memory>;

    fn list(&self, request: List, control: Arc<Control>) -> Reply<'_, Page>;

    /// Counts the memories that match.
    fn count(&self, filter: Option<Filter>, shown: Shown, control: Arc<Control>) -> Reply<'_, u64>;

    /// The distinct values of a field among the memories that match, the most frequent first.
    fn facets(&self, request: Facets, control: Arc<Control>) -> Reply<'_, Faceted>;

    fn update(&self, update: Update) -> Reply<'_, Memory>;

    fn update_many(&self, batch: UpdateMany, control: Arc<Control>) -> Reply<'_, Vec<ItemResult<Memory>>>;

    /// Changes when memories expire, without making versions.
    fn touch(&self, request: Touch) -> Reply<'_, Vec<ItemResult<Memory>>>;

    fn restore(&self, request: Restore) -> Reply<'_, Memory>;

    /// Makes a version that says that the memory has ended or was wrong.
    fn retire(&self, request: Retire) -> Reply<'_, Memory>;

    /// Applies operations of any kinds in one commit: all or none.
    fn apply_operations(&self, request: Operations, control: Arc<Control>) -> Reply<'_, Vec<ItemResult<Operated>>>;

    fn delete(&self, request: Delete) -> Reply<'_, Deleted>;

    fn delete_many(&self, ids: Vec<Item<MemoryId>>) -> Reply<'_, Vec<ItemResult<Deleted>>>;

    /// The ids of all memories that match, including expired ones. Without a filter, all ids.
    fn ids_matching(&self, filter: Option<Arc<Filter>>, control: Arc<Control>) -> Reply<'_, Vec<MemoryId>>;

    /// Deletes the memories of `ids` that still match.
    fn delete_matching(
        &self,
        ids: Vec<MemoryId>,
        filter: Option<Arc<Filter>>,
        control: Arc<Control>,
    ) -> Reply<'_, DeletedMany>;

    fn embed_query<'a>(&'a self, request: &'a Search) -> Reply<'a, QueryVector>;

    /// The memories that match a query best, best first. `vector` comes from [`MemoryStore::embed_query`].
    fn search(&self, request: Search, vector: QueryVector, control: Arc<Control>) -> Reply<'_, Vec<Hit>>;

    fn history(&self, request: History, control: Arc<Control>) -> Reply<'_, Vec<MemoryVersion>>;

    /// The links of a memory, strongest first.
    fn waypoints(&self, request: ById) -> Reply<'_, Vec<Link>>;

    fn reinforce(&self, request: Reinforce) -> Reply<'_, Memory>;

    fn feedback(&self, request: FeedbackRequest) -> Reply<'_, Memory>;

    /// Watches changes from now on, or since the request's cursor or time.
    fn watch(&self, request: Watch) -> Result<Box<dyn Watcher>, Error>;

    fn export(&self, filter: Option<Filter>, control: Arc<Control>, sink: ExportSink) -> Reply<'_, Exported>;

    fn import(&self, file: ImportFile, on_conflict: OnConflict, control: Arc<Control>) -> Reply<'_, Imported>;

    /// Whether the store has a language model.
    fn can_learn(&self) -> bool;

    /// Learns from messages with the language model of the store.
    fn learn(&self, request: Learn, control: Arc<Control>) -> Reply<'_, Learning>;

    /// Applies or discards what waits in a learning.
    fn decide(&self, request: Decide) -> Reply<'_, Learning>;

    /// Takes back all that a learning has changed, in one commit.
    fn undo_learning(&self, request: LearningById) -> Reply<'_, Learning>;

    fn learning(&self, id: LearningId) -> Reply<'_, Learning>;

    fn list_learnings(&self, request: ListLearnings) -> Reply<'_, LearningPage>;

    /// Where a memory comes from.
    fn sources(&self, request: Sources) -> Reply<'_, Vec<SourceText>>;

    fn list_messages(&self, request: ListMessages) -> Reply<'_, MessagePage>;

    /// Deletes the messages of a scope. What was learnt from them stays.
    fn delete_messages(&self, scope: Scope) -> Reply<'_, DeletedMessages>;

    /// A text without the keys and tokens that are never kept.
    fn without_secrets(&self, text: &str) -> String;

    /// JSON that a server keeps with the store, by name. One with a `user_id` goes with that user.
    fn document(&self, name: String) -> Reply<'_, Option<Value>>;

    /// The names of documents that begin so, sorted.
    fn document_names(&self, prefix: String) -> Reply<'_, Vec<String>>;

    /// Keeps documents, in place of those with the same names, and removes those without a value. In one commit.
    fn put_documents(&self, documents: Vec<(String, Option<Value>)>) -> Reply<'_, ()>;

    fn stats(&self) -> Reply<'_, Stats>;

    /// One entry per sector, in the order of the sectors.
    fn sector_stats(&self, control: Arc<Control>) -> Reply<'_, Vec<SectorStats>>;

    /// The users, agents, apps and runs that have memories, sorted by field and value.
    fn entities(&self, control: Arc<Control>) -> Reply<'_, Vec<EntityStats>>;

    /// Embeds the current text of every memory with the configured model.
    fn reindex(&self, control: Arc<Control>) -> Reply<'_, Reindexed>;

    /// Makes all acknowledged writes durable.
    fn flush(&self) -> Reply<'_, ()>;

    /// Removes deleted data from the files.
    fn compact(&self) -> Reply<'_, Compacted>;

    /// Copies the store into a directory that is empty or does not exist.
    fn backup(&self, directory: PathBuf, control: Arc<Control>) -> Reply<'_, BackedUp>;
}

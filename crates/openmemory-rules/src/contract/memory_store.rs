//! What can a caller ask of a store of memories, whichever storage engine it is?

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use openmemory_domain::filter::Filter;
use openmemory_domain::request::{
    AddMany, ById, Delete, FeedbackRequest, Get, History, Item, List, NewMemory, OnConflict, Reinforce, Restore,
    Search, Update, UpdateMany, Watch,
};
use openmemory_domain::{Memory, MemoryId};

use super::{
    Added, BackedUp, Compacted, Control, Deleted, DeletedMany, EntityStats, Exported, Hit, Imported, ItemResult, Link,
    MemoryVersion, Page, Reindexed, SectorStats, Stats, Watcher,
};
use crate::error::Error;
use crate::import_file::ImportFile;

/// The answer of a call. A write that has begun goes on when its future is dropped; a read ends when its control is
/// cancelled.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Takes the bytes of an export. It may block for as long as it likes; its error ends the export.
pub type ExportSink = Box<dyn FnMut(&[u8]) -> Result<(), Error> + Send>;

/// The vector of a query.
pub type QueryVector = Arc<[f32]>;

/// One store of memories.
///
/// No call blocks the thread that polls it. A write that resolved is durable as the store's durability says, and what
/// it answers is what a read finds afterwards.
pub trait MemoryStore: Send + Sync {
    /// Loads what the first search would wait for.
    fn ready(&self) -> Reply<'_, ()>;

    fn add(&self, new: NewMemory) -> Reply<'_, Added>;

    /// Adds 1 to 1000 memories. Of an atomic batch with a bad item nothing is kept: that item answers with its error,
    /// the others with `ABORTED`.
    fn add_many(&self, batch: AddMany, control: Arc<Control>) -> Reply<'_, Vec<ItemResult<Added>>>;

    fn get(&self, request: Get) -> Reply<'_, Memory>;

    fn list(&self, request: List, control: Arc<Control>) -> Reply<'_, Page>;

    /// How many memories match.
    fn count(&self, filter: Option<Filter>, show_expired: bool, control: Arc<Control>) -> Reply<'_, u64>;

    fn update(&self, update: Update) -> Reply<'_, Memory>;

    fn update_many(&self, batch: UpdateMany, control: Arc<Control>) -> Reply<'_, Vec<ItemResult<Memory>>>;

    fn restore(&self, request: Restore) -> Reply<'_, Memory>;

    fn delete(&self, request: Delete) -> Reply<'_, Deleted>;

    fn delete_many(&self, ids: Vec<Item<MemoryId>>) -> Reply<'_, Vec<ItemResult<Deleted>>>;

    /// Every memory that matches, expired ones too; all without a filter.
    fn ids_matching(&self, filter: Option<Arc<Filter>>, control: Arc<Control>) -> Reply<'_, Vec<MemoryId>>;

    /// Deletes those of `ids` that still match.
    fn delete_matching(
        &self,
        ids: Vec<MemoryId>,
        filter: Option<Arc<Filter>>,
        control: Arc<Control>,
    ) -> Reply<'_, DeletedMany>;

    fn embed_query<'a>(&'a self, request: &'a Search) -> Reply<'a, QueryVector>;

    /// The memories that answer a query whose vector [`MemoryStore::embed_query`] made, best first.
    fn search(&self, request: Search, vector: QueryVector, control: Arc<Control>) -> Reply<'_, Vec<Hit>>;

    fn history(&self, request: History, control: Arc<Control>) -> Reply<'_, Vec<MemoryVersion>>;

    /// The links of a memory, the strongest first.
    fn waypoints(&self, request: ById) -> Reply<'_, Vec<Link>>;

    fn reinforce(&self, request: Reinforce) -> Reply<'_, Memory>;

    fn feedback(&self, request: FeedbackRequest) -> Reply<'_, Memory>;

    /// Changes from now on, or since the request's cursor or time.
    fn watch(&self, request: Watch) -> Result<Box<dyn Watcher>, Error>;

    fn export(&self, filter: Option<Filter>, control: Arc<Control>, sink: ExportSink) -> Reply<'_, Exported>;

    fn import(&self, file: ImportFile, on_conflict: OnConflict, control: Arc<Control>) -> Reply<'_, Imported>;

    fn stats(&self) -> Reply<'_, Stats>;

    /// One entry for each sector, in their order.
    fn sector_stats(&self, control: Arc<Control>) -> Reply<'_, Vec<SectorStats>>;

    /// The users, agents, apps and runs that have memories, by field and value.
    fn entities(&self, control: Arc<Control>) -> Reply<'_, Vec<EntityStats>>;

    /// Embeds every text with today's model.
    fn reindex(&self, control: Arc<Control>) -> Reply<'_, Reindexed>;

    /// Makes everything that was answered durable.
    fn flush(&self) -> Reply<'_, ()>;

    /// Removes from the files what was deleted.
    fn compact(&self) -> Reply<'_, Compacted>;

    /// Copies the store into a directory that is empty or does not exist.
    fn backup(&self, directory: PathBuf, control: Arc<Control>) -> Reply<'_, BackedUp>;
}

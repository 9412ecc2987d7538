//! What does a store offer to its callers, and what does it return?

mod added;
mod control;
mod deleted;
mod faceted;
mod hit;
mod imported;
mod item;
mod learnt;
mod link;
mod maintenance;
mod memory_change;
mod memory_store;
mod memory_version;
mod operated;
mod page;
mod stats;
mod stores;
mod watcher;

pub use added::Added;
pub use control::Control;
pub use deleted::{Deleted, DeletedMany};
pub use faceted::{Facet, Faceted};
pub use hit::{EarlierText, Hit, ScoreFeature, Standing};
pub use imported::{Imported, LineError};
pub use item::{ItemError, ItemResult};
pub use learnt::{DeletedMessages, LearningPage, MessagePage, SourceText};
pub use link::Link;
pub use maintenance::{BackedUp, Compacted, Exported, Reindexed};
pub use memory_change::{ChangeKind, MemoryChange};
pub use memory_store::{ExportSink, MemoryStore, QueryVector, Reply};
pub use memory_version::MemoryVersion;
pub use operated::{Effect, Merged, Operated};
pub use page::Page;
pub use stats::{EntityStats, SectorStats, Stats};
pub use stores::{DEFAULT_TENANT, Stores};
pub use watcher::{Wake, Watcher};

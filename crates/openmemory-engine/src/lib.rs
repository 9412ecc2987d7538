//! How do the rooms become add, update, search and the rest? Composition, and nothing else.
//!
//! Writes are futures free of any runtime: they embed on the embedding pool, commit on the store's writer thread, and
//! wait without holding a thread. Reads are plain calls for a thread that may block.

#![forbid(unsafe_code)]

mod add;
mod audience;
mod backup;
mod batch;
mod census;
mod commit;
mod control;
mod delete;
mod dynamics;
mod entry;
mod error;
mod existing;
mod export;
mod feed;
mod filling;
mod healing;
mod history;
mod import;
mod list;
mod model;
mod open;
mod outcome;
mod read;
mod recall;
mod registry;
mod reindex;
mod said;
mod search;
mod sectors;
mod shared_out;
mod stats;
mod text;
mod update;
mod vectors;
mod watch;
mod waypoints;

pub use backup::{Compacted, doctor};
pub use batch::{ItemError, ItemResult};
pub use census::{Holder, SectorStats};
pub use control::Control;
pub use delete::{Deleted, DeletedMany};
pub use error::Error;
pub use existing::Added;
pub use export::Exported;
pub use healing::{Directory, Shared};
pub use history::MemoryVersion;
pub use import::{ImportFile, Imported, LineError};
pub use list::Page;
pub use open::{Engine, Options};
pub use openmemory_index::Part;
pub use registry::Registry;
pub use reindex::Reindexed;
pub use search::Hit;
pub use stats::Stats;
pub use watch::{MemoryChange, Told, Watcher};
pub use waypoints::Link;

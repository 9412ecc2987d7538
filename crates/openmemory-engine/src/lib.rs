//! How do the rooms become add, update, search and the rest? Composition, and nothing else.
//!
//! Writes are futures free of any runtime: they embed on the embedding pool, commit on the store's writer thread, and
//! wait without holding a thread. Reads are plain calls for a thread that may block.

#![forbid(unsafe_code)]

mod add;
mod backup;
mod batch;
mod commit_listeners;
mod control;
mod delete;
mod dynamics;
mod embed;
mod engine;
mod entities;
mod existing;
mod export;
mod feed;
mod healing;
mod history;
mod hit_cache;
mod import;
mod index_document;
mod index_load;
mod index_state;
mod list;
mod model;
mod outcome;
mod parallel_map;
mod read;
mod registry;
mod reindex;
mod reinforcement;
mod search;
mod sectors;
mod stats;
mod update;
mod watch;
mod waypoints;

pub use backup::{Compacted, doctor};
pub use batch::{ItemError, ItemResult};
pub use control::Control;
pub use engine::{Engine, Options};
pub use entities::{EntityStats, SectorStats};
pub use export::Exported;
pub use healing::{Directory, Shared};
pub use history::MemoryVersion;
pub use import::{ImportFile, Imported, LineError};
pub use list::Page;
pub use openmemory_index::Feature;
pub use registry::Registry;
pub use reindex::Reindexed;
pub use search::Hit;
pub use stats::Stats;
pub use watch::{MemoryChange, Told, Watcher};
pub use waypoints::Link;

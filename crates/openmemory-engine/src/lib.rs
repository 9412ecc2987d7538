//! How do storage, index and embedding together implement add, update, search and the other calls?
//!
//! Writes are futures that need no particular runtime: they embed on the embedding pool, commit on the store's writer
//! thread and wait asynchronously. Reads are blocking calls.

#![forbid(unsafe_code)]

mod add;
mod backup;
mod batch;
mod commit_listeners;
mod delete;
mod dynamics;
mod embed;
mod engine;
mod entities;
mod existing;
mod export;
mod facets;
mod feed;
mod heads;
mod healing;
mod history;
mod hit_cache;
mod import;
mod learning;
mod list;
mod memory_store;
mod model;
mod operations;
mod partitions;
mod past;
mod read;
mod registry;
mod reindex;
mod reinforcement;
mod search;
mod stats;
mod tenant_directories;
mod timeline;
mod update;
mod upgrade;
mod watch;
mod waypoints;

pub use backup::doctor;
pub use engine::{Engine, Options};
pub use export::ExportFile;
pub use healing::{Directory, Shared};
pub use memory_store::EngineStore;
pub use partitions::set_index_memory;
pub use registry::Registry;
pub use tenant_directories::{OpenDirectory, TenantDirectories};
pub use watch::Watcher;

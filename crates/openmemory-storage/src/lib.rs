//! How are memories stored on disk? This is the only crate that knows sled.
//!
//! | layer | question |
//! |---|---|
//! | `store` | what does the engine use? |
//! | `doctor` | is a store healthy, and how is a damaged one repaired? |
//! | `maintenance` | how do the files stay small while commits continue? |
//! | `recovery` | how is a store recovered when it is opened? |
//! | `commit`, `replay` | how do changes become durable; what state must the store have, given its log? |
//! | `wal`, `checkpoint` | what is in the redo log and in a checkpoint? |
//! | `tree`, `files` | how does sled store the rows; which files make up a store? |
//! | `rows` | which rows exist, and what are their keys? |
//! | `options` | how is a store opened, and how large may its files be? |
//!
//! A layer uses only those below it.

#![forbid(unsafe_code)]

mod checkpoint;
mod commit;
mod doctor;
mod error;
mod files;
mod maintenance;
mod options;
mod recovery;
mod replay;
mod rows;
mod store;
mod tree;
mod wal;

pub use commit::transaction::Transaction;
pub use doctor::diagnose::{Diagnosis, doctor};
pub use doctor::inspect::Problem;
pub use doctor::salvage::{Lost, Salvaged};
pub use error::StorageError;
pub use files::disk::create_directory;
pub use files::layout::is_store;
pub use maintenance::usage::Usage;
pub use options::durability::{Durability, StoreOptions};
pub use options::size_limits::SizeLimits;
pub use rows::backend::Row;
pub use rows::format1::Indexed;
pub use store::indexed::IndexedMemory;
pub use store::upgrade::Unindexed;
pub use store::{Position, ScanRange, Store};

//! How is a memory kept on disk? The only crate that knows sled.
//!
//! | floor | question |
//! |---|---|
//! | `store` | what does the engine see of all this? |
//! | `doctor` | is a store healthy, and what can be saved of one that is not? |
//! | `maintenance` | how do the files stay small while commits go on? |
//! | `recovery` | how does a directory become a store again? |
//! | `commit`, `replay` | how do changes become durable; what must the store hold, given its log? |
//! | `wal`, `checkpoint` | what do the redo log and a checkpoint look like? |
//! | `tree`, `files` | how does sled keep the rows; which files make up a store? |
//! | `rows` | which rows exist, under which keys? |
//! | `options` | how is a store opened, and how large may its files be? |
//!
//! A floor uses only those below it.

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
pub use maintenance::usage::Usage;
pub use options::durability::{Durability, StoreOptions};
pub use options::size_limits::SizeLimits;
pub use rows::backend::Row;
pub use store::{Position, ScanRange, Store};

//! How is a memory kept on disk? The only room that knows sled.
//!
//! | file | question |
//! |---|---|
//! | `backend` | what must a key-value engine offer? |
//! | `sled_backend` | how does sled offer it? |
//! | `current_sled`, `renewal` | which sled is in use, and how is it kept small? |
//! | `keys` | under which key is a row? |
//! | `envelope` | how is a row checked, and cut when it is long? |
//! | `records` | which rows exist, and how are they read? |
//! | `transaction` | how do several changes become one? |
//! | `changes` | which rows change together? |
//! | `writer` | how do many commits share one sync? |
//! | `commits` | when is a batch durable? |
//! | `acknowledged` | which commit was the last that somebody was told of? |
//! | `redo_log`, `log_segment` | how does a commit become durable with one sync, and what does that look like? |
//! | `digest` | are these all rows of the store, and no others? |
//! | `checkpoint`, `checkpoints` | how are all rows kept a second time, and when? |
//! | `layout`, `lock`, `manifest` | which file is where, who has them open, which of them count? |
//! | `files`, `scratch` | how does a file come into being, and where does a doctor work? |
//! | `fingerprint` | are sled's files as they were left? |
//! | `log`, `sources` | which commits are there, and what must the store hold then? |
//! | `recovery`, `sled_copy` | how does a directory become a store again, and sled be proven or built anew? |
//! | `space` | is there room for a commit? |
//! | `backup` | how is a store copied while it is written to? |
//! | `doctor`, `inspect`, `salvage` | is a store well, and what can be saved of one that is not? |
//! | `progress`, `usage`, `bounds` | how far are the commits, how large are the files, and how large may they be? |
//! | `store` | what does the engine see of all this? |

#![forbid(unsafe_code)]

mod acknowledged;
mod backend;
mod backup;
mod bounds;
mod changes;
mod checkpoint;
mod checkpoints;
mod commits;
mod created;
mod current_sled;
mod digest;
mod doctor;
mod envelope;
mod error;
mod files;
mod fingerprint;
mod inspect;
mod keys;
mod layout;
mod lock;
mod log;
mod log_segment;
mod manifest;
mod progress;
mod read_only;
mod records;
mod recovery;
mod redo_log;
mod refusal;
mod renewal;
mod salvage;
mod scratch;
mod sled_backend;
mod sled_copy;
mod sources;
mod space;
mod store;
mod transaction;
mod usage;
mod writer;

pub use backend::Row;
pub use backup::BackedUp;
pub use bounds::Bounds;
pub use doctor::{Diagnosis, doctor};
pub use error::StorageError;
pub use files::create_directory;
pub use inspect::Problem;
pub use keys::Number;
pub use records::{Records, Reindex, Tombstone, Waypoint};
pub use refusal::{Refusal, refusal};
pub use salvage::{Lost, Salvaged};
pub use store::{Among, Durability, Place, Store, StoreOptions};
pub use transaction::Transaction;
pub use usage::Usage;

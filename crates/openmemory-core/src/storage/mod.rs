//! How is a memory kept on disk? The only room that knows sled.
//!
//! | file | question |
//! |---|---|
//! | `backend` | what must a key-value engine offer? |
//! | `sled_backend` | how does sled offer it, durably? |
//! | `keys` | under which key is a row? |
//! | `envelope` | how is a row checked, and cut when it is long? |
//! | `records` | which rows exist, and how are they read? |
//! | `transaction` | how do several changes become one? |
//! | `changes` | which rows change together? |
//! | `commits` | when is a batch durable? |
//! | `redo_log` | how does a commit become durable with one sync? |
//! | `writer` | how do many commits share one sync? |
//! | `store` | what does the engine see of all this? |

mod backend;
mod changes;
mod commits;
mod created;
mod envelope;
mod error;
mod keys;
mod records;
mod redo_log;
mod sled_backend;
mod store;
mod transaction;
mod writer;

pub use backend::Row;
pub use error::StorageError;
pub use keys::Number;
pub use records::{Records, Reindex, Tombstone, Waypoint};
pub use store::{Among, Durability, Place, Store};
pub use transaction::Transaction;

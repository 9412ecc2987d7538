//! How are memories kept in PostgreSQL, so that several servers share them?
//!
//! A scope, the memories of one user of a tenant, is the unit of everything: of locking, of order, of ranking and of
//! placement. A write takes the scope's clock, applies the same rules as every store to rows that were read before, and
//! commits. A search compares the scope's clock with that of the partition that this server holds, fetches what has
//! changed since, and ranks with the same index as every store.

#![forbid(unsafe_code)]

mod connect;
mod current;
mod documents;
mod due;
mod error;
mod export;
mod feed;
mod forget;
mod history;
mod idempotency;
mod import;
mod job;
mod learning;
mod learning_rows;
mod list;
mod memory_store;
mod migrate;
mod model;
mod own_changes;
mod partitions;
mod past;
mod past_rows;
mod pending;
mod prefetch;
mod prepare;
mod reads;
mod recall;
mod reindex;
mod rows;
mod scope_key;
mod search;
mod search_past;
mod security;
mod session;
mod stats;
mod store;
mod stores;
mod tls;
mod trim;
mod watch;
mod wide;
mod workspace;
mod write;
mod writer;
mod written_rows;

pub use connect::{LanguageModelOf, Options};
pub use rows::STATEMENTS;
pub use store::PostgresStore;
pub use stores::PostgresStores;

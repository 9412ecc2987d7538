//! What does a write do to memories, whatever the storage engine?
//!
//! A rule is a plain function: it reads the current state through [`Rows`], decides, and writes through [`Changes`].
//! It depends on no disk, thread or model, so every storage engine applies the same rules.

#![forbid(unsafe_code)]

mod changes;
pub mod context;
pub mod contract;
mod error;
mod import_file;
mod index_entry;
mod learning_rows;
mod number;
mod refusal;
mod reindex;
mod rows;
mod tombstone;
mod waypoint;
mod words;
pub mod write;

pub use changes::Changes;
pub use error::Error;
pub use import_file::{ImportFile, LINE_BYTES, Numbered};
pub use index_entry::{IndexedText, Labels};
pub use learning_rows::{LearningChanges, LearningRows};
pub use number::Number;
pub use refusal::{Refusal, refusal};
pub use reindex::Reindex;
pub use rows::Rows;
pub use tombstone::Tombstone;
pub use waypoint::Waypoint;
pub use words::Words;

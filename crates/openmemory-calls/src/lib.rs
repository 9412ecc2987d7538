//! What do the calls of every store do, whatever keeps its rows? Texts get vectors, words and sectors, memories become
//! entries of the index, operations are applied, and versions are found by time.

#![forbid(unsafe_code)]

pub mod embed;
pub mod index_entry;
pub mod index_text;
pub mod operations;
pub mod outcome;
pub mod sectors;
pub mod timeline;

//! What do the calls of every store do, whatever keeps its rows? Texts get vectors, words and sectors, memories become
//! entries of the index, operations are applied, and versions are found by time.

#![forbid(unsafe_code)]

pub mod embed;
pub mod export_lines;
pub mod facets;
pub mod index_entry;
pub mod index_text;
pub mod list_cursor;
pub mod operations;
pub mod outcome;
pub mod sectors;
pub mod timeline;

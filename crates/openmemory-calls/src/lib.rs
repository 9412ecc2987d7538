//! What do the calls of every store do, whatever keeps its rows? Texts get vectors, words and sectors, memories become
//! entries of the index, operations are applied, versions are found by time, texts that were replaced are searched, and
//! conversations are learnt from.

#![forbid(unsafe_code)]

pub mod embed;
pub mod export_lines;
pub mod facets;
pub mod index_entry;
pub mod index_text;
pub mod learning;
pub mod list_cursor;
pub mod operations;
pub mod outcome;
pub mod past_texts;
pub mod query;
pub mod sectors;
pub mod timeline;
pub mod unprepared;

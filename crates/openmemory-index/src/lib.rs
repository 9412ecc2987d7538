//! Which memories answer a query?
//!
//! Everything that ranking needs is in memory, by user: words, vectors quantised to one byte per dimension, tags, runs,
//! salience. A search considers every memory in scope and scores it by all features (`score.rs`); there is no prefilter
//! by a single one. Nothing is written to disk: the index is rebuilt from storage.

#![forbid(unsafe_code)]

mod blocks;
mod cosine_scale;
mod dense;
mod document;
mod interner;
mod language;
mod lexical;
mod memory_index;
mod parallel;
mod partition;
mod postings;
mod prefetch;
mod prepared_query;
mod quantise;
mod query;
mod query_names;
mod rank;
mod runs;
mod scan;
mod score;
mod sector_mask;
mod simhash;
mod slot;
mod top_k;
mod words;

pub use document::{Entry, Indexed};
pub use memory_index::{MemoryIndex, Usage, WrongDimensions};
pub use query::{CandidateSet, Query, RankedMemory, Scope};
pub use score::{Feature, Features};
pub use sector_mask::SectorMask;

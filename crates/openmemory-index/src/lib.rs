//! Which memories answer a query?
//!
//! Everything that ranking needs is held in memory, by user: words, vectors as one signed byte per dimension, tags,
//! runs, salience. A search looks at all memories in scope and scores each by all of it (`score.rs`); nothing filters
//! anything else out. Nothing here is written to disk: it is rebuilt from storage.

#![forbid(unsafe_code)]

mod blocks;
mod dense;
mod document;
mod interner;
mod language;
mod lexical;
mod meaning;
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
pub use query::{CandidateSet, Found, Query, Scope};
pub use score::{Feature, Features};
pub use sector_mask::SectorMask;

//! Which memories answer a query?
//!
//! Everything that ranking needs is in memory, by user: words, vectors quantised to one byte per dimension, tags, runs,
//! salience. A search considers every memory in scope and scores it by all features (`score.rs`); there is no prefilter
//! by a single one. Storage keeps what it needs of each memory, and loads a user's memories when they are needed.

#![forbid(unsafe_code)]

mod blocks;
mod centroid;
mod cosine_scale;
mod dense;
mod document;
mod interner;
mod language;
mod lexical;
mod margin;
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
mod search;
mod sector_mask;
mod simhash;
mod slot;
mod statistics;
mod stop_words;
mod tags;
mod terms;
mod top_k;
mod unspaced;
mod word;
mod words;

pub use dense::WrongDimensions;
pub use document::Entry;
pub use margin::{COMPARED, page};
pub use partition::Partition;
pub use query::{CandidateSet, Query, RankedMemory};
pub use score::{Feature, Features};
pub use search::{Partitions, search, without_names};
pub use sector_mask::SectorMask;
pub use statistics::{QueryTerms, Statistics, query_terms};
pub use tags::{KnownTags, Tags};
pub use terms::{Terms, UnknownTerms};

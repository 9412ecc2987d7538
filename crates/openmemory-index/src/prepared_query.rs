//! How does a partition see a query?

use std::collections::HashSet;

use openmemory_domain::Timestamp;

use crate::lexical::QueryWords;
use crate::meaning::Meaning;
use crate::quantise::QueryVector;
use crate::query::CandidateSet;
use crate::score::Features;
use crate::sector_mask::SectorMask;

/// A query in the forms that a partition compares.
pub(super) struct PreparedQuery<'a> {
    pub(super) words: QueryWords,
    /// What tags could be called in it.
    pub(super) phrases: HashSet<String>,
    /// Its cosines come multiplied by the factor of `meaning`.
    pub(super) vector: QueryVector,
    pub(super) meaning: Meaning,
    /// What is the same for every memory.
    pub(super) features: Features,
    pub(super) mask: Option<SectorMask>,
    /// Memories expired until then are hidden; none are if there is no time.
    pub(super) alive_at: Option<Timestamp>,
    pub(super) now: Timestamp,
    /// Only these.
    pub(super) among: Option<&'a CandidateSet<'a>>,
}

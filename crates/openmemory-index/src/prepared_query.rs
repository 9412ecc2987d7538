//! What does a partition need of a query?

use std::collections::HashSet;

use openmemory_domain::Timestamp;

use crate::cosine_scale::CosineScale;
use crate::lexical::QueryWords;
use crate::quantise::QueryVector;
use crate::query::CandidateSet;
use crate::score::Features;
use crate::sector_mask::SectorMask;

/// A query, prepared once for all partitions.
pub(super) struct PreparedQuery<'a> {
    pub(super) words: QueryWords,
    /// The phrases that may name tags.
    pub(super) phrases: HashSet<String>,
    /// Its cosines are already multiplied by the factor of `cosine_scale`.
    pub(super) vector: QueryVector,
    pub(super) cosine_scale: CosineScale,
    /// The features that all memories share.
    pub(super) features: Features,
    pub(super) mask: Option<SectorMask>,
    /// Memories that have expired by this time are hidden; `None` shows all.
    pub(super) not_expired_at: Option<Timestamp>,
    pub(super) now: Timestamp,
    /// Restricts the search to these memories.
    pub(super) candidates: Option<&'a CandidateSet<'a>>,
}

//! What does a partition need of a query?

use std::collections::HashSet;

use openmemory_domain::when::Window;
use openmemory_domain::{Shown, Timestamp};

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
    /// Which memories are included that would be left out.
    pub(super) shown: Shown,
    pub(super) now: Timestamp,
    /// The time that the query asks about.
    pub(super) window: Option<Window>,
    /// Restricts the search to these memories.
    pub(super) candidates: Option<&'a CandidateSet<'a>>,
}

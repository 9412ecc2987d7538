//! What does the index keep of a memory?

use openmemory_domain::{ContentHash, Dynamics, Timestamp, Validity, Vector};

use crate::sector_mask::SectorMask;
use crate::tags::Tags;
use crate::terms::Terms;

/// A memory to index.
pub struct Entry<'a> {
    pub number: u64,
    /// Memories of one run are context for each other.
    pub run: Option<&'a str>,
    pub content: ContentHash,
    pub terms: &'a Terms<'a>,
    pub tags: Tags,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub validity: Validity,
    pub dynamics: &'a Dynamics,
    /// Vectors with what each represents.
    pub vectors: Vec<(&'a Vector, SectorMask)>,
}

impl Entry<'_> {
    /// Whether there are words or a meaning to compare with a query.
    pub(super) fn has_text(&self) -> bool {
        !self.terms.counts.is_empty() || self.vectors.iter().any(|(vector, _)| !vector.is_zero())
    }
}

//! What does the index keep of a memory?

use openmemory_domain::{ContentHash, Dynamics, Timestamp, Vector};

use crate::sector_mask::SectorMask;
use crate::terms::Terms;
use crate::words::phrase;

/// A memory to index.
pub struct Entry<'a> {
    pub number: u64,
    /// Memories of one run are context for each other.
    pub run: Option<&'a str>,
    pub content: ContentHash,
    pub terms: &'a Terms<'a>,
    pub tags: &'a [String],
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub dynamics: &'a Dynamics,
    /// Vectors with what each represents.
    pub vectors: Vec<(&'a Vector, SectorMask)>,
}

/// The normalised phrases by which a query can name the tags.
pub(super) fn tags(tags: &[String]) -> Vec<String> {
    let mut phrases: Vec<String> = tags.iter().map(|tag| phrase(tag)).filter(|phrase| !phrase.is_empty()).collect();
    phrases.sort_unstable();
    phrases.dedup();
    phrases
}

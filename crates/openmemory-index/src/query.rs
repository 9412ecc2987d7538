//! What is asked of the index, and what does it answer?

use openmemory_domain::{ContentHash, Timestamp};

use crate::score::Features;
use crate::sector_mask::SectorMask;

/// Whose memories a search looks at.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// Those of these users; `None` are the memories without a `user_id`. Name a user once.
    Users(&'a [Option<&'a str>]),
    /// Those of everybody.
    All,
}

/// To which memories of its scope a search is confined, at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CandidateSet<'a> {
    /// Those of a run.
    Run(&'a str),
    /// Those that have a tag, and perhaps others whose tags sound like it.
    Tag(&'a str),
    /// Those of these numbers.
    Numbers(Vec<u64>),
}

/// A question to the index.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    pub scope: Scope<'a>,
    pub text: &'a str,
    /// Of length 1 (L2), with the dimensions of the index.
    pub vector: &'a [f32],
    /// Whether the vectors' model knows scripts other than Latin.
    pub multilingual: bool,
    /// How many times as far apart unrelated texts are for the shipped model as for this one; 1 for the shipped one.
    pub spread: f32,
    /// Only memories with vectors that stand for one of these, and only by those; `None` is all.
    pub mask: Option<SectorMask>,
    /// Only these memories; `None` is all.
    pub among: Option<&'a CandidateSet<'a>>,
    pub now: Timestamp,
    /// Whether expired memories count too.
    pub show_expired: bool,
}

/// A memory that may answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    pub number: u64,
    /// The text that was compared.
    pub content: ContentHash,
    /// What its vectors stood for.
    pub sectors: SectorMask,
    pub features: Features,
    /// The neighbour in its run that it owes more to than to itself.
    pub by: Option<u64>,
}

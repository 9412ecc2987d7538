//! What does a caller ask the index, and what does it return?

use openmemory_domain::when::Window;
use openmemory_domain::{ContentHash, Shown, Timestamp};

use crate::language::Language;
use crate::score::Features;
use crate::sector_mask::SectorMask;
use crate::words;

/// The memories of the scope to which a search is restricted. It may be a superset of those wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CandidateSet<'a> {
    /// The memories of a run.
    Run(&'a str),
    /// The memories with a tag, and possibly others whose tags normalise to the same phrase.
    Tag(&'a str),
    /// The memories with these numbers.
    Numbers(Vec<u64>),
}

/// A search.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    pub text: &'a str,
    /// Of length 1 (L2), with the dimensions of the partitions.
    pub vector: &'a [f32],
    /// Whether the embedding model reads scripts other than Latin.
    pub multilingual: bool,
    /// How many times as far apart unrelated texts are for the shipped model as for this one; 1 for the shipped model.
    pub spread: f32,
    /// How much more a difference of two cosines tells than the same of the shipped model, once they are spread; 1 for
    /// that one.
    pub contrast: f32,
    /// The cosine of a text as a query and the same text as a memory: 1 if the model does not tell them apart.
    pub echo: f32,
    /// Restricts the search to vectors that represent one of these; `None` means all vectors.
    pub mask: Option<SectorMask>,
    /// Restricts the search to these memories; `None` means all.
    pub candidates: Option<&'a CandidateSet<'a>>,
    pub now: Timestamp,
    /// The time that the text asks about.
    pub window: Option<Window>,
    /// Which memories are included that would be left out.
    pub shown: Shown,
}

impl Query<'_> {
    /// The share of the text in scripts that the embedding model cannot read.
    pub(super) fn unread(&self) -> f32 {
        if self.multilingual { 0.0 } else { words::foreign_share(self.text) }
    }

    /// Whether the embedding model reads the text's script but does not know its language.
    pub(super) fn is_foreign(&self) -> bool {
        !self.multilingual && words::language(&words::query_words(self.text)) != Language::ENGLISH
    }
}

/// A search result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankedMemory {
    pub number: u64,
    /// The text that was compared.
    pub content: ContentHash,
    /// What its vectors represent.
    pub sectors: SectorMask,
    pub features: Features,
    /// The neighbour in its run that contributes more to the score than the memory's own words and vectors.
    pub by: Option<u64>,
}

impl RankedMemory {
    /// Whether its score can be so high once its margin is known. Only what scores more than a half has one.
    pub fn may_score(&self, min_score: f32) -> bool {
        self.features.score() >= min_score.min(0.5)
    }
}

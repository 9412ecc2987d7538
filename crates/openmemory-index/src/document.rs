//! What does the index store of a memory, and how is it prepared?

use super::SectorMask;
use super::quantise::Batch;
use super::words::{Terms, phrase};
use openmemory_domain::{ContentHash, Dynamics, Feedback, Salience, Timestamp};

/// A memory to index.
pub struct Entry<'a> {
    pub number: u64,
    pub user: Option<&'a str>,
    /// Memories of one run are context for each other.
    pub run: Option<&'a str>,
    pub content: ContentHash,
    pub text: &'a str,
    pub tags: &'a [String],
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub dynamics: &'a Dynamics,
    /// Vectors of length 1 (L2), each with what it represents.
    pub vectors: Vec<(&'a [f32], SectorMask)>,
}

/// A prepared entry: the expensive work is done, and the rest needs the partition's lock.
pub struct Indexed {
    pub(super) number: u64,
    pub(super) user: Option<Box<str>>,
    pub(super) run: Option<Box<str>>,
    pub(super) content: ContentHash,
    pub(super) sectors: SectorMask,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) is_question: bool,
    pub(super) salience: Salience,
    pub(super) feedback: Option<Feedback>,
    pub(super) terms: Terms,
    pub(super) tags: Vec<(String, u16)>,
    pub(super) vectors: Batch,
}

impl Indexed {
    pub(super) fn new(entry: &Entry<'_>) -> Self {
        let sectors = entry.vectors.iter().map(|(_, mask)| *mask).reduce(SectorMask::union).unwrap_or_default();
        Self {
            number: entry.number,
            user: entry.user.map(Box::from),
            run: entry.run.map(Box::from),
            content: entry.content,
            sectors,
            created_at: entry.created_at,
            expires_at: entry.expires_at,
            is_question: entry.text.trim_end().ends_with(['?', '？', '؟']),
            salience: entry.dynamics.salience(),
            feedback: entry.dynamics.feedback,
            terms: Terms::of(entry.text),
            tags: tags(entry.tags),
            vectors: Batch::new(&entry.vectors),
        }
    }
}

/// The normalised phrases by which a query can name the tags.
pub(super) fn tags(tags: &[String]) -> Vec<(String, u16)> {
    let mut phrases: Vec<String> = tags.iter().map(|tag| phrase(tag)).filter(|phrase| !phrase.is_empty()).collect();
    phrases.sort_unstable();
    phrases.dedup();
    phrases.into_iter().map(|phrase| (phrase, 1)).collect()
}

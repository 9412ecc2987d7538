//! Which memories is the model shown, and under which numbers? Numbers begin at 101, so that they cannot be mistaken for
//! those of messages, and only shown numbers mean anything.

use openmemory_domain::{MemoryId, PartialDate, Timestamp};

use crate::tokens::estimate;

/// The number of the first memory.
const FIRST: i64 = 101;
/// Memories that are shown at most, and tokens of their texts.
pub const MOST: usize = 40;
const MOST_TOKENS: usize = 1600;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Current,
    /// It was true once.
    Ended,
    /// It was retired as wrong, then.
    Wrong {
        since: Timestamp,
    },
}

/// A memory that the messages may concern, in one version.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub id: MemoryId,
    pub version: u64,
    pub content: String,
    pub since: Option<PartialDate>,
    pub until: Option<PartialDate>,
    /// When the store was told.
    pub said: Timestamp,
    pub standing: Standing,
    pub immutable: bool,
    /// Whether the call's filters leave it out: it is shown, and not changed.
    pub protected: bool,
}

/// The shown memories, in the order of their numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidates(Vec<Candidate>);

impl Candidates {
    /// The first ones that fit, each memory once.
    pub fn choose(found: impl IntoIterator<Item = Candidate>) -> Self {
        let (mut chosen, mut tokens): (Vec<Candidate>, usize) = (Vec::new(), 0);
        for candidate in found {
            let more = tokens + estimate(&candidate.content);
            if chosen.len() == MOST {
                break;
            }
            if more > MOST_TOKENS && !chosen.is_empty() || chosen.iter().any(|other| other.id == candidate.id) {
                continue;
            }
            tokens = more;
            chosen.push(candidate);
        }
        Self(chosen)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The memory that was shown under a number.
    pub fn numbered(&self, number: i64) -> Option<usize> {
        usize::try_from(number.checked_sub(FIRST)?).ok().filter(|index| *index < self.0.len())
    }

    pub fn get(&self, index: usize) -> Option<&Candidate> {
        self.0.get(index)
    }

    pub fn iter(&self) -> impl Iterator<Item = (i64, &Candidate)> {
        (FIRST..).zip(&self.0)
    }
}

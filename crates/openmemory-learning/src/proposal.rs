//! What does the model propose? First as it wrote it, with numbers; then with the memories that the numbers mean.

use openmemory_domain::learning::{Change, ProposedOperation, VersionedId};
use openmemory_domain::{PartialDate, Retired};

use crate::candidate::Candidates;

/// An operation as the answer has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawOperation {
    pub op: String,
    pub memory: Option<i64>,
    pub others: Vec<i64>,
    pub message: i64,
    pub quote: String,
    pub text: Option<String>,
    pub change: Option<String>,
    pub from: Option<String>,
    pub until: Option<String>,
    pub because: String,
    pub categories: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Add,
    Update(Change),
    Retire(Retired),
    Merge,
    Keep,
}

/// An operation on shown memories. Indexes are those of the candidates and of the turns of the part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub kind: Kind,
    pub memory: Option<usize>,
    pub others: Vec<usize>,
    pub turn: usize,
    pub quote: String,
    pub text: String,
    pub from: Option<PartialDate>,
    pub until: Option<PartialDate>,
    pub because: String,
    pub tags: Vec<String>,
}

impl Proposal {
    /// Whether it changes what the store says already.
    pub fn changes_memories(&self) -> bool {
        matches!(self.kind, Kind::Update(_) | Kind::Retire(_) | Kind::Merge)
    }

    /// Whether it would store a text.
    pub fn has_text(&self) -> bool {
        matches!(self.kind, Kind::Add | Kind::Update(_) | Kind::Merge)
    }

    /// All memories that it touches.
    pub fn memories(&self) -> impl Iterator<Item = usize> + '_ {
        self.memory.into_iter().chain(self.others.iter().copied())
    }

    /// The same with ids; `None` if a memory is missing that the kind needs.
    pub fn operation(&self, candidates: &Candidates) -> Option<ProposedOperation> {
        let versioned = |index: usize| {
            let candidate = candidates.get(index)?;
            Some(VersionedId { id: candidate.id.clone(), if_version: candidate.version })
        };
        let memory = || self.memory.and_then(versioned);
        Some(match self.kind {
            Kind::Add => ProposedOperation::Add {
                content: self.text.clone(),
                tags: self.tags.clone(),
                valid_from: self.from,
                valid_to: self.until,
            },
            Kind::Update(change) => ProposedOperation::Update {
                memory: memory()?,
                content: self.text.clone(),
                change,
                valid_from: self.from,
                valid_to: self.until,
            },
            Kind::Retire(why) => ProposedOperation::Retire { memory: memory()?, why, valid_to: self.until },
            Kind::Merge => ProposedOperation::Merge {
                memory: memory()?,
                content: self.text.clone(),
                from: self.others.iter().map(|index| versioned(*index)).collect::<Option<_>>()?,
            },
            Kind::Keep => ProposedOperation::Keep { memory: memory()? },
        })
    }
}

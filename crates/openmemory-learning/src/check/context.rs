//! What does a check know besides the proposal?

use std::collections::HashMap;

use openmemory_domain::Timestamp;
use openmemory_domain::learning::{Refusal, Role};
use openmemory_domain::request::{Allow, Category};

use crate::candidate::{Candidate, Candidates};
use crate::proposal::Proposal;
use crate::transcript::{Part, Turn};

/// A memory of the scope that is near to a proposed text, whether it was shown or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour {
    pub memory: Candidate,
    /// Cosine.
    pub similarity: f32,
}

pub struct Context<'a> {
    pub now: Timestamp,
    pub from: &'a [Role],
    pub allow: Allow,
    pub categories: &'a [Category],
    pub part: &'a Part,
    pub candidates: &'a Candidates,
    /// By proposed text.
    pub neighbours: &'a HashMap<String, Vec<Neighbour>>,
}

pub type Checked = Result<Proposal, Refusal>;

impl Context<'_> {
    pub fn turn(&self, proposal: &Proposal) -> Option<&Turn> {
        self.part.turns.get(proposal.turn)
    }

    /// The memories that a proposal touches.
    pub fn touched(&self, proposal: &Proposal) -> Vec<&Candidate> {
        proposal.memories().filter_map(|index| self.candidates.get(index)).collect()
    }

    pub fn near(&self, text: &str) -> &[Neighbour] {
        self.neighbours.get(text).map_or(&[], Vec::as_slice)
    }
}

//! Which sectors does a text belong to? What each sentence means decides, compared with described prototypes.
//!
//! A sentence's score for a sector is the mean of its two highest cosines with the sector's prototypes, and what its
//! [`cues`] add. Its weights are the softmax of the scores. A text belongs to the sector with the greatest share of
//! its tokens, and to each other one that has a good share of the whole or rules a sentence.

mod classify;
mod cues;
mod prototypes;

pub(crate) use classify::Prototypes;
pub(crate) use prototypes::TEXTS;

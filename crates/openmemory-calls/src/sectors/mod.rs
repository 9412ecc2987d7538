//! Which sectors does a text belong to? Each of its sentences is compared with prototypes of each sector.
//!
//! A sentence's score for a sector is the mean of its two highest cosines with the sector's prototypes, plus the bonus
//! of its [`cues`]. Its weights are the softmax of the scores. A text belongs to the sector with the greatest share of
//! its tokens, and to each other sector with a large share of the text or of sentences that it dominates.

mod classify;
mod cues;
mod prototypes;

pub use classify::Prototypes;
pub use prototypes::TEXTS;

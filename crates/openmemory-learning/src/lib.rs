//! What may a language model do with memories? It proposes, and this crate decides what of that holds.
//!
//! Everything here is a function of its arguments: no I/O, no clock, no threads. The engine finds the memories, calls the
//! model and commits what [`plan`](plan::plan) leaves.

#![forbid(unsafe_code)]

pub mod answer;
pub mod budget;
pub mod candidate;
pub mod check;
pub mod echo;
pub mod language_model;
pub mod normal_form;
pub mod plan;
pub mod prompt;
pub mod proposal;
pub mod redact;
pub mod tokens;
pub mod transcript;

pub use candidate::{Candidate, Candidates, Standing};
pub use check::{Context, Neighbour};
pub use language_model::{Answer, Finish, LanguageModel, ModelFailure, Pending, Request, Why};
pub use proposal::{Kind, Proposal, RawOperation};
pub use transcript::{Part, Turn};

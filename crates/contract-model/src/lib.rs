//! Does a store of memories return, and keep, what a simple model in memory says? The model shares only JSON with it.
//!
//! | file | question |
//! |---|---|
//! | `run` | which operations follow each other, and when is everything compared? |
//! | `subject` | what does a test provide? |
//! | `step`, `filter` | does one random operation have the same outcome in both? |
//! | `state` | what is a memory according to the contract? |
//! | `compare` | does the store contain exactly what the model does? |
//! | `calls` | how is a store called with JSON? |
//! | `clock`, `rng` | what time is it, and which choices are made? |

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "for tests, which panic and say what they did")]

mod calls;
mod clock;
mod compare;
mod filter;
pub mod rng;
mod run;
mod state;
mod step;
mod subject;

pub use calls::Calls;
pub use clock::{ManualClock, START};
pub use run::run;
pub use subject::Subject;

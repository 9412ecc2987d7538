//! Tests of what a language model may do with memories.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod answers;
mod checks;
mod properties;
mod redaction;
mod support;
mod transcripts;

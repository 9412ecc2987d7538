//! What an engine promises, one file for each promise. One binary, since each is linked with all the engine.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic, in its helpers too")]

#[path = "../support/mod.rs"]
mod support;

mod backup;
mod batches;
mod clock;
mod compact;
mod created;
mod directory;
mod doctor;
mod existing;
mod history;
mod log_end;
mod moved;
mod readers;
mod registry;
mod reindex;
mod reinforcement;
mod reopen;
mod rollover;
mod stopped_reads;
mod transfer;
mod tree_rebuild;
mod updates;
mod vectors;

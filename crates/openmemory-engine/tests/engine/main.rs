//! Does the engine keep its promises? One file per promise, in one binary, because linking the engine takes long.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test may panic, in its helpers too, and the random ones say what they did"
)]

mod support;

mod backup;
mod batches;
mod clock;
mod compact;
mod created;
mod directory;
mod doctor;
mod existing;
mod fuzz;
mod histories;
mod history;
mod learning;
mod log_end;
mod model;
mod moved;
mod partitions;
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
mod upgrade;
mod vectors;

//! Do the rules of writing hold over any storage? Here they run over maps in memory.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod adding;
mod changing;
mod deleting;
mod importing;
mod linking;
mod map_store;

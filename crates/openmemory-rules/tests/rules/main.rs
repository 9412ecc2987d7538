//! The rules of writing, over a store that is a map.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod adding;
mod changing;
mod deleting;
mod importing;
mod linking;
mod map_store;

//! How are memories written for a prompt? As dated lines between two tags, within a budget of tokens.

mod block;
mod line;
mod quoted;

pub use block::{ContextBlock, ContextMemory, block};

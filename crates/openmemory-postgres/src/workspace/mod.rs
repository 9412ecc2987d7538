//! What does a commit read and write? Rows that were fetched before, or are fetched when a rule asks for them, and writes
//! that are recorded until the rules are done.

mod fetched;
mod key;
mod reads;
mod recorded;
mod statements;
mod unit;
mod writes;

pub(crate) use fetched::hash;
pub(crate) use key::{Key, MODEL, Missing, Place};
pub(crate) use unit::Workspace;

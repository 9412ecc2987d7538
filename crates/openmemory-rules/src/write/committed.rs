//! What did a commit change, and which of it does the index have to apply?

use openmemory_domain::Memory;

use crate::index_entry::IndexedText;
use crate::number::Number;

/// A memory as a commit left it.
#[derive(Clone)]
pub struct Committed {
    pub number: Number,
    pub memory: Memory,
    pub index_change: IndexChange,
}

/// Which of a memory's data in the index a commit changes.
#[derive(Clone)]
pub enum IndexChange {
    None,
    /// Tags, expiry and valid time.
    Labels,
    /// Also text, vectors or sectors.
    Document(IndexedText),
}

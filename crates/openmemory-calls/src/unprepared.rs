//! What is known of a new memory of a batch before its text is embedded?

use std::sync::Arc;

use openmemory_domain::Embedding;
use openmemory_domain::request::NewMemory;

use crate::outcome::HasId;

/// A new memory, with its vectors if they need not be made.
pub struct Unprepared {
    pub new: NewMemory,
    pub known: Option<Arc<Embedding>>,
}

impl HasId for Unprepared {
    fn id(&self) -> Option<String> {
        HasId::id(&self.new)
    }
}

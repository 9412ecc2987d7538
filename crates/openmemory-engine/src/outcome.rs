//! What does a batch tell of an item? Its id, what others must hear of, and the caller's answer.

use openmemory_domain::request::{NewMemory, Update};
use openmemory_domain::{Memory, MemoryId};
use openmemory_rules::write::committed::Committed;
use openmemory_rules::{contract::Added, write::add::Insertion};

/// What names a memory, if it has a name yet.
pub(super) trait Named {
    fn id(&self) -> Option<String>;
}

impl Named for NewMemory {
    fn id(&self) -> Option<String> {
        self.id.as_ref().map(MemoryId::to_string)
    }
}

impl Named for Update {
    fn id(&self) -> Option<String> {
        Some(self.id.to_string())
    }
}

/// What a commit made of one item.
pub(super) trait Outcome: Named + Send + 'static {
    type Answer: Send;

    /// What others must hear of.
    fn committed(&self) -> Option<&Committed>;

    fn into_answer(self) -> Self::Answer;
}

impl Named for Committed {
    fn id(&self) -> Option<String> {
        Some(self.memory.version.id.to_string())
    }
}

impl Outcome for Committed {
    type Answer = Memory;

    fn committed(&self) -> Option<&Committed> {
        Some(self)
    }

    fn into_answer(self) -> Memory {
        self.memory
    }
}

impl Named for Insertion {
    fn id(&self) -> Option<String> {
        match self {
            Self::New(committed) | Self::Touched(committed) => committed.id(),
            Self::Found(memory) => Some(memory.version.id.to_string()),
        }
    }
}

impl Outcome for Insertion {
    type Answer = Added;

    fn committed(&self) -> Option<&Committed> {
        self.committed()
    }

    fn into_answer(self) -> Added {
        self.into_added()
    }
}

//! What does a batch need of each item? Its id, the change to publish, and the result for the caller.

use openmemory_domain::request::{Item, NewMemory, Update};
use openmemory_domain::{Memory, MemoryId};
use openmemory_rules::Error;
use openmemory_rules::contract::{Added, ItemError, ItemResult};
use openmemory_rules::write::add::Insertion;
use openmemory_rules::write::committed::Committed;

/// Has the id of a memory, if one is assigned yet.
pub trait HasId {
    fn id(&self) -> Option<String>;
}

impl HasId for NewMemory {
    fn id(&self) -> Option<String> {
        self.id.as_ref().map(MemoryId::to_string)
    }
}

impl HasId for Update {
    fn id(&self) -> Option<String> {
        Some(self.id.to_string())
    }
}

/// The result of one item inside a commit.
pub trait Outcome: HasId + Send + 'static {
    type Answer: Send;

    /// The change to publish, if there is one.
    fn committed(&self) -> Option<&Committed>;

    fn into_answer(self) -> Self::Answer;
}

impl HasId for Committed {
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

impl HasId for Insertion {
    fn id(&self) -> Option<String> {
        match self {
            Self::New(committed) | Self::Touched(committed) | Self::Replaced(committed) => committed.id(),
            Self::Unchanged(memory) => Some(memory.version.id.to_string()),
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

pub fn item_error((id, invalid): (Option<String>, openmemory_domain::Invalid)) -> ItemError {
    ItemError { id, error: invalid.into() }
}

pub fn read_items<T>(items: Vec<Item<T>>) -> Vec<ItemResult<T>> {
    items.into_iter().map(|item| item.map_err(item_error)).collect()
}

/// The results of an atomic batch with a bad item, which changed nothing.
pub fn aborted<T: HasId, A>(items: Vec<ItemResult<T>>) -> Vec<ItemResult<A>> {
    let answer = |item: ItemResult<T>| match item {
        Ok(good) => Err(ItemError { id: good.id(), error: Error::BatchRefused }),
        Err(bad) => Err(bad),
    };
    items.into_iter().map(answer).collect()
}

//! How does a watcher follow the changes of a store?

use std::sync::Arc;

use super::{Control, MemoryChange, Reply};

/// Called once, from any thread, when [`Watcher::next`] is to be called again.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A position in the changes of a store. Between calls it holds no resource that would keep the store from closing or
/// healing.
pub trait Watcher: Send {
    /// Returns the next changes, at most a few hundred, or `None` once the store is closed. If the list is empty,
    /// `wake` is called when there may be more. A watcher cannot be used again after a cancelled or dropped call.
    fn next(&mut self, control: Arc<Control>, wake: Wake) -> Reply<'_, Option<Vec<MemoryChange>>>;

    /// Whether the next call scans the whole store.
    fn reads_store(&self) -> bool;

    /// The cursor from which a new watch continues after the last change that was returned or skipped.
    fn cursor(&self) -> String;
}

//! How does a watcher follow the changes of a store?

use std::sync::Arc;

use super::{Control, MemoryChange, Reply};

/// Called once, from any thread, when it is time to ask for changes again.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A position among the changes of a store. While nothing is asked of it, it keeps no resource that would hinder the
/// store from closing or healing.
pub trait Watcher: Send {
    /// The next changes, at most a few hundred, or none once the store has closed. If the list is empty, `wake` is
    /// called when there may be more. A watcher whose call was cancelled or dropped is of no more use.
    fn next(&mut self, control: Arc<Control>, wake: Wake) -> Reply<'_, Option<Vec<MemoryChange>>>;

    /// Whether the next changes are looked for in the whole store.
    fn reads_store(&self) -> bool;

    /// A watch since this cursor goes on after the last change that was returned or skipped.
    fn cursor(&self) -> String;
}

//! How is the tree replaced while reads and commits continue?

use std::sync::Arc;

use parking_lot::RwLock;

use crate::error::StorageError;
use crate::rows::backend::{Backend, Batch, RowIterator};
use crate::tree::sled_tree::SledTree;

pub(crate) struct SwappableTree(RwLock<Arc<SledTree>>);

impl SwappableTree {
    pub(crate) fn new(sled: SledTree) -> Self {
        Self(RwLock::new(Arc::new(sled)))
    }

    /// Swaps in `next` and returns the previous tree, on which running scans continue. Reads and writes are blocked
    /// while `catch_up` applies the last commits to `next`.
    pub(crate) fn swap(
        &self,
        next: SledTree,
        catch_up: impl FnOnce(&SledTree) -> Result<(), StorageError>,
    ) -> Result<Arc<SledTree>, StorageError> {
        let mut current = self.0.write();
        catch_up(&next)?;
        Ok(std::mem::replace(&mut *current, Arc::new(next)))
    }
}

impl Backend for SwappableTree {
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.0.read().value(key)
    }

    fn rows(&self, from: &[u8], to: &[u8], backwards: bool) -> RowIterator<'_> {
        let sled = Arc::clone(&*self.0.read());
        let mut rows = sled.owned_rows(from, to, backwards);
        // A scan keeps its tree alive, so that the files stay until it ends.
        Box::new(std::iter::from_fn(move || {
            let _held = &sled;
            rows.next()
        }))
    }

    fn apply(&self, batch: Batch) -> Result<(), StorageError> {
        self.0.read().apply(batch)
    }

    fn write(&self, batch: Batch) -> Result<(), StorageError> {
        self.0.read().write(batch)
    }

    fn has_failed(&self) -> bool {
        self.0.read().has_failed()
    }

    fn sync(&self) -> Result<(), StorageError> {
        self.0.read().sync()
    }
}

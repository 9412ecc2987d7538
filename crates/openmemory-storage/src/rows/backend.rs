//! What must a key-value engine offer? Ordered bytes, atomic batches, and a sync that means it.

use crate::StorageError;

/// Writes that become visible, and survive, all together: a value to set, or none to remove.
pub(crate) type Batch = Vec<(Vec<u8>, Option<Vec<u8>>)>;
pub type Row = (Vec<u8>, Vec<u8>);
pub(crate) type RowIterator<'a> = Box<dyn Iterator<Item = Result<Row, StorageError>> + Send + 'a>;

pub(crate) trait Backend: Send + Sync {
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError>;

    /// Rows with `from` ≤ key < `to`, in key order or against it.
    fn rows(&self, from: &[u8], to: &[u8], backwards: bool) -> RowIterator<'_>;

    /// Applies a batch atomically; it survives a crash only after the next [`Backend::sync`].
    fn apply(&self, batch: Batch) -> Result<(), StorageError>;

    /// Writes rows one after the other, in the order given. A crash may leave the first few of them: only for a batch
    /// that will be applied again then.
    fn write(&self, batch: Batch) -> Result<(), StorageError>;

    /// Whether its disk has refused it something. Then it may refuse every later call too, until it is opened again.
    fn has_failed(&self) -> bool {
        false
    }

    /// Lets go of what a walk over everything has left in memory.
    fn evict_pages(&self) -> Result<(), StorageError> {
        Ok(())
    }

    /// Returns when everything applied before survives `kill -9` and a power cut.
    fn sync(&self) -> Result<(), StorageError>;
}

/// Every row, by key.
pub(crate) fn all_rows(backend: &dyn Backend) -> RowIterator<'_> {
    backend.rows(&[], &[u8::MAX], false)
}

//! What must a key-value engine provide? Ordered bytes, atomic batches, and a reliable sync.

use crate::StorageError;

/// Writes that become visible and durable together: a value to set, or `None` to remove the key.
pub(crate) type Batch = Vec<(Vec<u8>, Option<Vec<u8>>)>;
pub type Row = (Vec<u8>, Vec<u8>);
pub(crate) type RowIterator<'a> = Box<dyn Iterator<Item = Result<Row, StorageError>> + Send + 'a>;

pub(crate) trait Backend: Send + Sync {
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError>;

    /// Rows with `from` ≤ key < `to`, in key order or in reverse.
    fn rows(&self, from: &[u8], to: &[u8], backwards: bool) -> RowIterator<'_>;

    /// Applies a batch atomically. It survives a crash only after the next [`Backend::sync`].
    fn apply(&self, batch: Batch) -> Result<(), StorageError>;

    /// Writes rows one at a time, in the given order. A crash may leave only the first of them, so use it only for
    /// batches that are replayed then.
    fn write(&self, batch: Batch) -> Result<(), StorageError>;

    /// Whether an I/O error has occurred. Later calls may then fail too, until it is opened again.
    fn has_failed(&self) -> bool {
        false
    }

    /// Returns once everything applied before survives `kill -9` and a power cut.
    fn sync(&self) -> Result<(), StorageError>;
}

/// All rows in key order.
pub(crate) fn all_rows(backend: &dyn Backend) -> RowIterator<'_> {
    backend.rows(&[], &[u8::MAX], false)
}

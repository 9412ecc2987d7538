//! How large is the store on disk, and how much of that are rows?

use crate::commit::progress::Progress;
use crate::error::StorageError;
use crate::files::layout::Layout;
use crate::maintenance::checkpointer::Checkpointer;

#[derive(Debug, Clone)]
pub struct Usage {
    /// The size of all files.
    pub bytes_on_disk: u64,
    /// The size of all rows, keys and values.
    pub live_bytes: u64,
    pub rows: u64,
    /// Why the last checkpoint failed. The log grows until one succeeds.
    pub checkpoint_problem: Option<StorageError>,
}

impl Usage {
    pub(crate) fn of(layout: &Layout, progress: &Progress, checkpoints: &Checkpointer) -> Result<Self, StorageError> {
        let digest = progress.applied().digest;
        Ok(Self {
            bytes_on_disk: layout.bytes()?,
            live_bytes: digest.bytes,
            rows: digest.rows,
            checkpoint_problem: checkpoints.problem.lock().clone(),
        })
    }
}

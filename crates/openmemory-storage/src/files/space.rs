//! Is there enough space for a commit? Checked before anything is written, so that a full disk rejects it without harm.

use std::io;
use std::path::Path;

use crate::error::StorageError;
use crate::rows::backend::Batch;

/// The additional space that sled may need, for buffers and segments that it cleans.
const MARGIN_BYTES: u64 = 4 * 1024 * 1024;
/// How often sled writes a byte in the worst case.
const WRITE_AMPLIFICATION: u64 = 4;

pub(crate) fn check(directory: &Path, batch: &Batch) -> Result<(), StorageError> {
    let bytes: usize = batch.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum();
    check_bytes(directory, WRITE_AMPLIFICATION * bytes as u64)
}

/// Fails if less than the margin would remain.
pub(crate) fn check_bytes(directory: &Path, bytes: u64) -> Result<(), StorageError> {
    // If the system does not report the space, the write itself will fail.
    match fs4::available_space(directory) {
        Ok(available) if available < MARGIN_BYTES + bytes => {
            Err(io::Error::new(io::ErrorKind::StorageFull, "the disk is full").into())
        }
        _ => Ok(()),
    }
}

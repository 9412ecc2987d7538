//! Is there room for a commit? Asked before anything of it is written: a full disk refuses it, and harms nothing.

use std::io;
use std::path::Path;

use crate::error::StorageError;
use crate::rows::backend::Batch;

/// What sled may need besides: buffers on their way, and segments that it cleans.
const MARGIN_BYTES: u64 = 4 * 1024 * 1024;
/// How often sled may write a byte in the worst case.
const WRITE_AMPLIFICATION: u64 = 4;

pub(crate) fn check(directory: &Path, batch: &Batch) -> Result<(), StorageError> {
    let bytes: usize = batch.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum();
    check_bytes(directory, WRITE_AMPLIFICATION * bytes as u64)
}

/// Refuses what would leave less than a margin.
pub(crate) fn check_bytes(directory: &Path, bytes: u64) -> Result<(), StorageError> {
    // Where the system cannot tell, the write itself will.
    match fs4::available_space(directory) {
        Ok(room) if room < MARGIN_BYTES + bytes => {
            Err(io::Error::new(io::ErrorKind::StorageFull, "the disk is full").into())
        }
        _ => Ok(()),
    }
}

//! Is there room for a commit? Asked before anything of it is written: a full disk refuses it, and harms nothing.

use std::io;
use std::path::Path;

use super::backend::Batch;
use super::error::StorageError;

/// What sled may need besides: buffers on their way, and segments that it cleans.
const MARGIN: u64 = 4 * 1024 * 1024;
/// How often sled may write a byte in the worst case.
const TIMES: u64 = 4;

pub(super) fn check(directory: &Path, batch: &Batch) -> Result<(), StorageError> {
    let bytes: usize = batch.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum();
    check_bytes(directory, TIMES * bytes as u64)
}

/// Refuses what would leave less than a margin.
pub(super) fn check_bytes(directory: &Path, bytes: u64) -> Result<(), StorageError> {
    // Where the system cannot tell, the write itself will.
    match fs2::available_space(directory) {
        Ok(room) if room < MARGIN + bytes => Err(io::Error::new(io::ErrorKind::StorageFull, "the disk is full").into()),
        _ => Ok(()),
    }
}

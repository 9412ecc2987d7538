//! Which files does the manifest no longer need?

use crate::error::StorageError;
use crate::files::disk;
use crate::files::layout::Layout;
use crate::files::manifest::Manifest;

/// Removes log segments and checkpoints that the manifest does not need.
pub(crate) fn prune(layout: &Layout, manifest: &Manifest) -> Result<(), StorageError> {
    for first in layout.logs()?.into_iter().filter(|first| *first < manifest.oldest) {
        disk::remove_file(&layout.log(first))?;
    }
    let kept = manifest.checkpoint.map(|state| state.sequence);
    for sequence in layout.checkpoints()?.into_iter().filter(|sequence| Some(*sequence) != kept) {
        disk::remove_file(&layout.checkpoint(sequence))?;
    }
    Ok(())
}

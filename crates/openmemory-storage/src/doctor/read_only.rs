//! How is a store read where it cannot be written? Its rows are checked as a doctor checks them, in a directory of temporary
//! files that goes with the store.

use crate::doctor::evidence::{Evidence, look};
use crate::error::StorageError;
use crate::files::disk;
use crate::files::layout::Layout;
use crate::files::manifest::Manifest;
use crate::rows::digest::State;
use crate::tree::sled_tree::SledTree;

pub(crate) struct Rows {
    pub sled: SledTree,
    pub state: State,
    pub manifest: Manifest,
    pub room: tempfile::TempDir,
}

/// A place for copies.
pub(crate) fn room() -> std::io::Result<tempfile::TempDir> {
    disk::create_temporary_directory(&std::env::temp_dir(), "openmemory-")
}

pub(crate) fn rows(layout: &Layout) -> Result<Rows, StorageError> {
    let mut evidence = Evidence { layout, manifest: None, log: None, room: room()? };
    let mut problems = Vec::new();
    let found = look(&mut evidence, &mut problems)?;
    match (found, evidence.manifest) {
        (Some((sled, state)), Some(manifest)) => Ok(Rows { sled, state, manifest, room: evidence.room }),
        _ => match problems.into_iter().next() {
            Some(first) => Err(StorageError::Corrupted(first.problem)),
            None => Err(StorageError::NoStore),
        },
    }
}

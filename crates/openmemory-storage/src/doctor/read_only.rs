//! How is a store on a read-only file system opened? Its rows are checked as the doctor does, on a copy in a temporary
//! directory that lives as long as the store.

use crate::doctor::evidence::{Evidence, examine};
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

/// A temporary directory for copies.
pub(crate) fn scratch_directory() -> std::io::Result<tempfile::TempDir> {
    disk::create_temporary_directory(&std::env::temp_dir(), "openmemory-")
}

pub(crate) fn rows(layout: &Layout) -> Result<Rows, StorageError> {
    let mut evidence = Evidence { layout, manifest: None, log: None, scratch: scratch_directory()? };
    let mut problems = Vec::new();
    let found = examine(&mut evidence, &mut problems)?;
    match (found, evidence.manifest) {
        (Some((sled, state)), Some(manifest)) => Ok(Rows { sled, state, manifest, room: evidence.scratch }),
        _ => match problems.into_iter().next() {
            Some(first) => Err(StorageError::Corrupted(first.problem)),
            None => Err(StorageError::NoStore),
        },
    }
}

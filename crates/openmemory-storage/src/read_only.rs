//! How is a store read where it cannot be written? Its rows are checked as a doctor checks them, in a directory of temporary
//! files that goes with the store.

use super::digest::State;
use super::doctor::{Patient, look};
use super::error::StorageError;
use super::files;
use super::layout::Layout;
use super::manifest::Manifest;
use super::sled_backend::SledBackend;

pub(super) struct Rows {
    pub sled: SledBackend,
    pub state: State,
    pub manifest: Manifest,
    pub room: tempfile::TempDir,
}

/// A place for copies.
pub(super) fn room() -> std::io::Result<tempfile::TempDir> {
    files::create_temporary_directory(&std::env::temp_dir(), "openmemory-")
}

pub(super) fn rows(layout: &Layout) -> Result<Rows, StorageError> {
    let mut patient = Patient { layout, manifest: None, log: None, room: room()? };
    let mut problems = Vec::new();
    let found = look(&mut patient, &mut problems)?;
    match (found, patient.manifest) {
        (Some((sled, state)), Some(manifest)) => Ok(Rows { sled, state, manifest, room: patient.room }),
        _ => match problems.into_iter().next() {
            Some(first) => Err(StorageError::Corrupted(first.problem)),
            None => Err(StorageError::NoStore),
        },
    }
}

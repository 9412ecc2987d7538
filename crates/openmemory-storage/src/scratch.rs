//! Where does a doctor work? In directories that bear a mark: no directory of a user's is taken for one of them.

use std::io;
use std::path::Path;

use super::files;
use super::layout::{Layout, SCRATCH};

const MARK: &str = ".openmemory-scratch";

/// A scratch directory in the store's own, so that it is on the same disk.
pub(super) fn create(layout: &Layout) -> io::Result<tempfile::TempDir> {
    let scratch = files::create_temporary_directory(layout.directory(), SCRATCH)?;
    mark(scratch.path())?;
    Ok(scratch)
}

/// Marks a directory as one that may be removed with everything in it.
pub(super) fn mark(directory: &Path) -> io::Result<()> {
    files::create(&directory.join(MARK)).map(drop)
}

pub(super) fn is_marked(directory: &Path) -> bool {
    directory.join(MARK).is_file()
}

/// Removes the scratch directories that a crash has left.
pub(super) fn remove_left(layout: &Layout) -> io::Result<()> {
    for entry in layout.directory().read_dir()? {
        let path = entry?.path();
        let named = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(SCRATCH));
        if named && is_marked(&path) {
            files::remove_directory(&path)?;
        }
    }
    Ok(())
}

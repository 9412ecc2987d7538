//! Where does the doctor work? In scratch directories with a marker file, so that a user's directory is never mistaken
//! for one.

use std::io;
use std::path::Path;

use crate::files::disk;
use crate::files::layout::{Layout, SCRATCH};

const MARK: &str = ".openmemory-scratch";

/// Creates a scratch directory inside the store's directory, so that it is on the same disk.
pub(crate) fn create(layout: &Layout) -> io::Result<tempfile::TempDir> {
    let scratch = disk::create_temporary_directory(layout.directory(), SCRATCH)?;
    mark(scratch.path())?;
    Ok(scratch)
}

/// Marks a directory that may be removed with its contents.
pub(crate) fn mark(directory: &Path) -> io::Result<()> {
    disk::create(&directory.join(MARK)).map(drop)
}

pub(crate) fn is_marked(directory: &Path) -> bool {
    directory.join(MARK).is_file()
}

/// Removes scratch directories that a crash has left.
pub(crate) fn remove_leftover(layout: &Layout) -> io::Result<()> {
    for entry in layout.directory().read_dir()? {
        let path = entry?.path();
        let named = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(SCRATCH));
        if named && is_marked(&path) {
            disk::unless_in_use(disk::remove_directory(&path))?;
        }
    }
    Ok(())
}

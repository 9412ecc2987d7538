//! How are a store's files created, replaced and measured? The crate openmemory-files does what differs between systems.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

pub use openmemory_files::create_directory;
pub(crate) use openmemory_files::{
    DirectoryHandle, create, create_subdirectory, keep_name, private, remove_directory, remove_file, rename,
    rename_durably, restrict_to_owner, sync, sync_data, sync_directory, unless_in_use,
};

#[cfg(unix)]
const OWNER_ONLY: u32 = 0o600;
#[cfg(unix)]
const OWNER_ONLY_DIRECTORY: u32 = 0o700;

/// Creates a directory with a name that begins with `prefix`. It is removed when the value is dropped.
pub(crate) fn create_temporary_directory(parent: &Path, prefix: &str) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(OWNER_ONLY_DIRECTORY));
    builder.prefix(prefix).tempdir_in(parent)
}

/// Removes access by others from a directory that other code created, and from everything below it.
pub(crate) fn make_private(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        set_mode(directory, OWNER_ONLY_DIRECTORY)?;
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            // sled may remove files of its own at the same time.
            let done = match entry.file_type() {
                Ok(kind) if kind.is_dir() => make_private(&entry.path()),
                Ok(kind) if kind.is_file() => set_mode(&entry.path(), OWNER_ONLY),
                kind => kind.map(drop),
            };
            ignore_missing(done)?;
        }
    }
    let _ = directory;
    Ok(())
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    if path.metadata()?.permissions().mode() & 0o777 == mode {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// The size of all files below a directory.
pub(crate) fn bytes_below(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let found = entry.metadata().and_then(|found| match found.is_dir() {
            true => bytes_below(&entry.path()),
            false => Ok(found.len()),
        });
        // Files and directories may be removed during the scan.
        match found {
            Ok(found) => bytes += found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// Replaces a file atomically and durably: after a power cut it has either the old or the new content.
pub(crate) fn publish(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_added_extension("new");
    let written = create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        sync(&file)?;
        rename_durably(&temporary, path)
    });
    written.inspect_err(|_| drop(remove_file(&temporary)))
}

#[cfg(unix)]
pub(crate) fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(not(unix))]
pub(crate) fn write_at(mut file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    io::Seek::seek(&mut file, io::SeekFrom::Start(at))?;
    file.write_all(bytes)
}

#[cfg(unix)]
fn ignore_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

//! How are files created atomically, durably, and readable by their owner only?

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Memories are private, whatever the umask of the process.
#[cfg(unix)]
const OWNER_ONLY: u32 = 0o600;
#[cfg(unix)]
const OWNER_ONLY_DIRECTORY: u32 = 0o700;

/// Creates or truncates a file that only its owner can access.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().write(true).create(true).truncate(true)).open(path)
}

/// Restricts a file that these options create to its owner.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, OWNER_ONLY);
    options
}

/// Creates a directory and its missing parents, accessible only by their owner.
pub fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, OWNER_ONLY_DIRECTORY);
    builder.recursive(true).create(path)
}

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
        file.sync_all()?;
        rename(&temporary, path)
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

/// Renames durably.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    to.parent().map_or(Ok(()), sync_directory)
}

/// Makes the names of files durable, as `sync_all` does for their contents.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    ignore_missing(fs::remove_file(path))
}

pub(crate) fn remove_directory(path: &Path) -> io::Result<()> {
    ignore_missing(fs::remove_dir_all(path))
}

fn ignore_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

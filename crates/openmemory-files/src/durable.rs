//! How do the contents and the names of files survive a power cut?

use std::fs::File;
use std::io;
use std::path::Path;

use crate::in_use::rename;

/// How a volume refuses `F_FULLFSYNC`, by number: `EINVAL`, `ENOTTY`, `ENOTSUP`, `EOPNOTSUPP`.
const NO_FULL_SYNC: &[i32] = &[22, 25, 45, 102];
/// How Windows refuses to flush a directory, which it does not document: `ERROR_INVALID_FUNCTION`,
/// `ERROR_ACCESS_DENIED`, `ERROR_INVALID_HANDLE`, `ERROR_NOT_SUPPORTED`, `ERROR_INVALID_PARAMETER`.
const NO_DIRECTORY_FLUSH: &[i32] = &[1, 5, 6, 50, 87];

/// How a volume that cannot sync directories refuses it.
const NO_DIRECTORY_SYNC: &[i32] = if cfg!(target_vendor = "apple") {
    NO_FULL_SYNC
} else if cfg!(windows) {
    NO_DIRECTORY_FLUSH
} else {
    &[]
};

/// Makes the contents and the metadata of a file durable. Windows refuses this for a handle that may not write.
#[expect(clippy::disallowed_methods, reason = "the only place that calls it")]
pub fn sync(file: &File) -> io::Result<()> {
    or_plain_sync(file.sync_all(), file)
}

/// Makes the contents of a file durable, and of its metadata what reading them requires.
#[expect(clippy::disallowed_methods, reason = "the only place that calls it")]
pub fn sync_data(file: &File) -> io::Result<()> {
    or_plain_sync(file.sync_data(), file)
}

/// On macOS the standard library asks for `F_FULLFSYNC`, which some volumes do not offer, mostly network volumes. These
/// get an `fsync`, as from SQLite.
#[cfg(target_vendor = "apple")]
fn or_plain_sync(synced: io::Result<()>, file: &File) -> io::Result<()> {
    let plain_sync = || Ok(rustix::io::retry_on_intr(|| rustix::fs::fsync(file))?);
    if_refused(synced, NO_FULL_SYNC, plain_sync)
}

#[cfg(not(target_vendor = "apple"))]
fn or_plain_sync(synced: io::Result<()>, _: &File) -> io::Result<()> {
    synced
}

/// Does something else instead if a sync was refused in one of these ways. After any other error a second sync would prove
/// nothing.
fn if_refused(synced: io::Result<()>, refusals: &[i32], instead: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    match synced {
        Err(error) if is_one_of(&error, refusals) => instead(),
        synced => synced,
    }
}

fn is_one_of(error: &io::Error, refusals: &[i32]) -> bool {
    error.raw_os_error().is_some_and(|number| refusals.contains(&number))
}

/// An open directory whose names can be made durable, if its volume offers that.
#[derive(Debug)]
pub struct DirectoryHandle(Option<File>);

impl DirectoryHandle {
    pub fn open(directory: &Path) -> io::Result<Self> {
        match open_directory(directory) {
            Err(error) if is_one_of(&error, NO_DIRECTORY_SYNC) => Ok(Self(None)),
            opened => opened.map(|handle| Self(Some(handle))),
        }
    }

    /// Makes the names in the directory durable, as [`sync`] does for the contents of a file.
    pub fn sync(&self) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |handle| if_refused(sync(handle), NO_DIRECTORY_SYNC, || Ok(())))
    }
}

#[cfg(not(windows))]
fn open_directory(directory: &Path) -> io::Result<File> {
    File::open(directory)
}

#[cfg(windows)]
fn open_directory(directory: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;

    /// Without it Windows opens only files.
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    std::fs::OpenOptions::new().write(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(directory)
}

/// Makes the names in a directory durable.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    DirectoryHandle::open(directory)?.sync()
}

/// Renames durably.
pub fn rename_durably(from: &Path, to: &Path) -> io::Result<()> {
    rename(from, to)?;
    to.parent().map_or(Ok(()), sync_directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_for_lack_of_support_is_answered_by_something_else() {
        let answer = |number, refusals| {
            let mut tried = false;
            let done = if_refused(Err(io::Error::from_raw_os_error(number)), refusals, || {
                tried = true;
                Ok(())
            });
            assert_eq!(done.is_ok(), tried);
            done.map_err(|error| error.raw_os_error())
        };
        const EIO: i32 = 5;
        const ENOTSUP: i32 = 45;
        assert_eq!(answer(ENOTSUP, NO_FULL_SYNC), Ok(()));
        assert_eq!(answer(EIO, NO_FULL_SYNC), Err(Some(EIO)));
        assert_eq!(answer(ENOTSUP, &[]), Err(Some(ENOTSUP)));
    }

    #[test]
    fn files_and_names_are_synced_through_handles_that_may_do_it() {
        let directory = tempfile::tempdir().unwrap();
        let (from, to) = (directory.path().join("from"), directory.path().join("to"));
        let file = crate::create(&from).unwrap();
        sync(&file).unwrap();
        sync_data(&file).unwrap();
        rename_durably(&from, &to).unwrap();
        DirectoryHandle::open(directory.path()).unwrap().sync().unwrap();
        assert!(to.exists() && !from.exists());
        assert!(sync_directory(&from).is_err());
    }
}

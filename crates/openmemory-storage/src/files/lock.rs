//! Who has the store open? A file that is locked for as long as somebody has, with the number of the process in it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::StorageError;
use crate::files::disk::private;

/// More than the digits of a process's number.
const MAX_PID_BYTES: u64 = 32;

/// Held by whoever has the store open; the system lets go of it when the process ends, however it ends.
pub(crate) enum Lock {
    Held {
        file: File,
        path: PathBuf,
    },
    /// The store can only be read, by as many as like to. A backup that nobody has opened yet has no file to share.
    Shared(#[allow(dead_code, reason = "is locked for as long as it lives")] Option<File>),
}

impl Lock {
    pub(crate) fn take(path: &Path) -> Result<Self, StorageError> {
        let mut file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(path)?;
        let mut holder = String::new();
        let read = |holder: &mut String| (&file).take(MAX_PID_BYTES).read_to_string(holder).is_ok();
        match file.try_lock() {
            Ok(()) if read(&mut holder) && holder.bytes().all(is_ours) => {}
            // A file of somebody's that only has the name.
            Ok(()) => return Err(StorageError::ForeignFiles("lock".into())),
            Err(TryLockError::WouldBlock) => {
                read(&mut holder);
                return Err(StorageError::Locked(holder.parse().ok()));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // For people and messages only: the lock does not depend on it.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self::Held { file, path: path.to_owned() })
    }

    /// The lock, or where the file system is read-only a share of it.
    pub(crate) fn take_or_share(path: &Path) -> Result<Self, StorageError> {
        match Self::take(path) {
            Err(StorageError::Io(error)) if error.kind() == ErrorKind::ReadOnlyFilesystem => Self::share(path),
            taken => taken,
        }
    }

    fn share(path: &Path) -> Result<Self, StorageError> {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::Shared(None)),
            opened => opened?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Self::Shared(Some(file))),
            Err(TryLockError::WouldBlock) => Err(StorageError::Locked(None)),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Shared(_))
    }

    /// Refuses to go on where the directory is not the one that was locked any more: its files are somebody else's, or
    /// nobody's.
    #[cfg(unix)]
    pub(crate) fn check(&self) -> Result<(), StorageError> {
        use std::os::unix::fs::MetadataExt;
        let Self::Held { file, path } = self else { return Err(StorageError::ReadOnly) };
        let held = file.metadata()?;
        match std::fs::metadata(path) {
            Ok(found) if (found.dev(), found.ino()) == (held.dev(), held.ino()) => Ok(()),
            Ok(_) => Err(StorageError::Replaced),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Err(StorageError::Replaced)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Here the system lets nobody remove or rename a directory whose files are open.
    #[cfg(not(unix))]
    pub(crate) fn check(&self) -> Result<(), StorageError> {
        let Self::Held { file, .. } = self else { return Err(StorageError::ReadOnly) };
        file.metadata().map(drop).map_err(StorageError::from)
    }
}

/// The digits of a process's number, or the zeros that a power cut leaves in their place.
fn is_ours(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == 0
}

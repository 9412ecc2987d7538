//! Which process has the store open? It holds an exclusive lock on a file that has its process id.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::StorageError;
use crate::files::disk::private;

/// More than the digits of a process id.
const MAX_PID_BYTES: u64 = 32;

/// The lock of an open store. The system releases it when the process ends, for whatever reason.
pub(crate) enum Lock {
    Held {
        file: File,
        path: PathBuf,
    },
    /// The store is read-only, and may be shared. A backup that was never opened has no file to lock.
    Shared(#[allow(dead_code, reason = "dropping the file releases the lock")] Option<File>),
}

impl Lock {
    pub(crate) fn take(path: &Path) -> Result<Self, StorageError> {
        let mut file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(path)?;
        let mut holder = String::new();
        let read = |holder: &mut String| (&file).take(MAX_PID_BYTES).read_to_string(holder).is_ok();
        match file.try_lock() {
            Ok(()) if read(&mut holder) && holder.bytes().all(is_pid_byte) => {}
            // Another program's file of the same name.
            Ok(()) => return Err(StorageError::ForeignFiles("lock".into())),
            Err(TryLockError::WouldBlock) => {
                read(&mut holder);
                return Err(StorageError::Locked(holder.parse().ok()));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // Only for messages: the lock does not depend on it.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self::Held { file, path: path.to_owned() })
    }

    /// The exclusive lock, or a shared one on a read-only file system.
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

    /// Fails if the directory is no longer the one that was locked: it was removed or replaced.
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

    /// Here the system prevents directories with open files from being removed or renamed.
    #[cfg(not(unix))]
    pub(crate) fn check(&self) -> Result<(), StorageError> {
        let Self::Held { file, .. } = self else { return Err(StorageError::ReadOnly) };
        file.metadata().map(drop).map_err(StorageError::from)
    }
}

/// A digit of a process id, or a zero that a power cut left in its place.
fn is_pid_byte(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == 0
}

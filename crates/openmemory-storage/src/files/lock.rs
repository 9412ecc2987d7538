//! Which process has the store open? It holds an exclusive lock on a file that has its process id. Where others cannot read
//! a locked file, the id is also in a second one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use crate::error::StorageError;
use crate::files::disk::{create, keep_name, private};

/// More than the digits of a process id.
const MAX_PID_BYTES: u64 = 32;

/// Whether nobody can read a file that another process has locked.
const LOCKS_HIDE_CONTENTS: bool = cfg!(windows);

/// How often a lock is tried again: Windows may release the lock of a process that has ended some time later.
const RETRIES: usize = if cfg!(windows) { 20 } else { 0 };
const RETRY_PAUSE: Duration = Duration::from_millis(5);

/// The lock of an open store. The system releases it when the process ends, for whatever reason.
pub(crate) enum Lock {
    Held {
        file: File,
        path: PathBuf,
    },
    /// The store is read-only, and may be shared. A backup that was never opened has no file to lock.
    Shared(Option<File>),
}

impl Lock {
    pub(crate) fn take(path: &Path) -> Result<Self, StorageError> {
        Self::take_from(path, LOCKS_HIDE_CONTENTS)
    }

    fn take_from(path: &Path, hides_contents: bool) -> Result<Self, StorageError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = keep_name(private(&mut options)).open(path)?;
        match try_lock(&file) {
            Ok(()) if text(&file).is_some_and(|holder| holder.bytes().all(is_pid_byte)) => {}
            // Another program's file of the same name.
            Ok(()) => return Err(StorageError::ForeignFiles("lock".into())),
            Err(TryLockError::WouldBlock) => {
                let holder = pid(&file).or_else(|| pid(&File::open(pid_file(path)).ok()?));
                return Err(StorageError::Locked(holder));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // Only for messages: the lock does not depend on it.
        let pid = std::process::id();
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{pid}"));
        if hides_contents {
            let _ = create(&pid_file(path)).and_then(|mut file| write!(file, "{pid}"));
        }
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

    /// Here the system refuses to remove or rename the file and the directories above it while it is open.
    #[cfg(not(unix))]
    pub(crate) fn check(&self) -> Result<(), StorageError> {
        let Self::Held { path, .. } = self else { return Err(StorageError::ReadOnly) };
        match path.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(StorageError::Replaced),
            found => Ok(found.map(drop)?),
        }
    }
}

impl Drop for Lock {
    /// Closing the file releases the lock too, but on Windows some time later.
    fn drop(&mut self) {
        if let Self::Held { file, .. } | Self::Shared(Some(file)) = self {
            let _ = file.unlock();
        }
    }
}

/// The file with the process id of the holder, where the locked one cannot be read.
fn pid_file(lock: &Path) -> PathBuf {
    lock.with_added_extension("pid")
}

fn try_lock(file: &File) -> Result<(), TryLockError> {
    let mut retries = RETRIES;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if retries > 0 => {
                retries -= 1;
                sleep(RETRY_PAUSE);
            }
            tried => return tried,
        }
    }
}

fn text(file: &File) -> Option<String> {
    let mut text = String::new();
    file.take(MAX_PID_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

fn pid(file: &File) -> Option<u32> {
    text(file)?.parse().ok()
}

/// A digit of a process id, or a zero that a power cut left in its place.
fn is_pid_byte(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(taken: Result<Lock, StorageError>) -> Option<u32> {
        match taken {
            Err(StorageError::Locked(holder)) => holder,
            _ => panic!("not locked"),
        }
    }

    #[test]
    fn the_holder_is_named_also_where_a_locked_file_cannot_be_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let held = Lock::take_from(&path, true).unwrap();
        // As unreadable as on Windows.
        std::fs::write(&path, "").unwrap();
        assert_eq!(holder(Lock::take_from(&path, true)), Some(std::process::id()));
        drop(held);
        assert!(Lock::take_from(&path, true).is_ok());
    }

    #[test]
    #[cfg(unix)]
    fn where_a_locked_file_can_be_read_there_is_no_second_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let _held = Lock::take(&path).unwrap();
        assert_eq!(holder(Lock::take(&path)), Some(std::process::id()));
        assert_eq!(directory.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    #[cfg(unix)]
    fn a_copy_of_the_handle_does_not_keep_a_released_lock() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let held = Lock::take(&path).unwrap();
        let Lock::Held { file, .. } = &held else { panic!("not held") };
        // As in a child process that was forked and has not yet begun its program.
        let _copy = file.try_clone().unwrap();
        drop(held);
        assert!(Lock::take(&path).is_ok());
    }
}

//! How are files renamed and removed that another program has open? Elsewhere that makes no difference; on Windows it can
//! be refused, mostly for a moment in which a virus scanner or an indexer reads a new file.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// The numbers of `ERROR_ACCESS_DENIED`, `ERROR_SHARING_VIOLATION`, `ERROR_LOCK_VIOLATION`, `ERROR_DIR_NOT_EMPTY`,
/// `ERROR_DELETE_PENDING` and `ERROR_USER_MAPPED_FILE`. A removed file that is still open gives the first one, and keeps its
/// directory from being empty.
const IN_USE: &[i32] = if cfg!(windows) { &[5, 32, 33, 145, 303, 1224] } else { &[] };

/// The pauses between attempts, in milliseconds: half a second in all.
const PAUSES_MS: &[u64] = if cfg!(windows) { &[1, 4, 15, 30, 50, 100, 300] } else { &[] };

fn is_in_use(error: &io::Error) -> bool {
    let refused = error.raw_os_error().is_some_and(|number| IN_USE.contains(&number));
    refused || error.kind() == ErrorKind::ResourceBusy
}

/// Tries again while a file is in use.
fn retry<T>(pauses_ms: &[u64], mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for pause in pauses_ms {
        match attempt() {
            Err(error) if is_in_use(&error) => sleep(Duration::from_millis(*pause)),
            done => return done,
        }
    }
    attempt()
}

/// Renames, and replaces a file of the new name.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    retry(PAUSES_MS, || fs::rename(from, to))
}

/// Gives a temporary file its name, and replaces a file that has it. Removes the temporary file if that fails.
pub fn replace(temporary: &Path, name: &Path) -> io::Result<()> {
    rename(temporary, name).inspect_err(|_| drop(remove_file(temporary)))
}

/// Removes a file if it exists.
pub fn remove_file(path: &Path) -> io::Result<()> {
    retry(PAUSES_MS, || ignore_missing(fs::remove_file(path)))
}

/// Removes a directory with everything in it, if it exists.
pub fn remove_directory(path: &Path) -> io::Result<()> {
    retry(PAUSES_MS, || ignore_missing(fs::remove_dir_all(path)))
}

fn ignore_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// For what nothing needs, and is removed another time if it is in use now.
pub fn unless_in_use(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if is_in_use(&error) => Ok(()),
        removed => removed,
    }
}

/// While a file is open that these options open, Windows refuses to remove or rename it and the directories above it.
pub fn keep_name(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(windows)]
    {
        /// Without `FILE_SHARE_DELETE`, which the standard library adds.
        const FILE_SHARE_READ_AND_WRITE: u32 = 3;
        std::os::windows::fs::OpenOptionsExt::share_mode(options, FILE_SHARE_READ_AND_WRITE);
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> io::Error {
        ErrorKind::ResourceBusy.into()
    }

    #[test]
    fn what_is_refused_for_a_moment_is_tried_again_and_other_errors_are_not() {
        let attempts = |pauses: &[u64], refusals: usize, error: fn() -> io::Error| {
            let mut attempts = 0;
            let done = retry(pauses, || {
                attempts += 1;
                if attempts <= refusals { Err(error()) } else { Ok(()) }
            });
            (attempts, done.is_ok())
        };
        assert_eq!(attempts(&[0, 0, 0], 2, busy), (3, true));
        assert_eq!(attempts(&[0, 0, 0], 9, busy), (4, false));
        assert_eq!(attempts(&[0, 0, 0], 9, || ErrorKind::StorageFull.into()), (1, false));
        assert_eq!(attempts(&[], 9, busy), (1, false));
    }

    #[test]
    fn a_file_in_use_stays_without_an_error() {
        assert!(unless_in_use(Err(busy())).is_ok());
        assert!(unless_in_use(Err(ErrorKind::ReadOnlyFilesystem.into())).is_err());
    }

    #[test]
    fn a_temporary_file_that_cannot_get_its_name_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let (temporary, name) = (directory.path().join("temporary"), directory.path().join("name"));
        fs::write(&temporary, "new").unwrap();
        fs::create_dir(&name).unwrap();
        assert!(replace(&temporary, &name).is_err());
        assert!(!temporary.exists());
        fs::remove_dir(&name).unwrap();
        fs::write(&name, "old").unwrap();
        fs::write(&temporary, "new").unwrap();
        replace(&temporary, &name).unwrap();
        assert_eq!(fs::read_to_string(&name).unwrap(), "new");
    }

    #[test]
    fn a_missing_file_is_as_good_as_removed() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing");
        remove_file(&missing).unwrap();
        remove_directory(&missing).unwrap();
    }

    #[test]
    #[cfg(windows)]
    fn a_file_that_keeps_its_name_can_be_neither_removed_nor_renamed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kept");
        let file = keep_name(OpenOptions::new().write(true).create(true)).open(&path).unwrap();
        assert!(fs::remove_file(&path).is_err());
        assert!(fs::rename(&path, directory.path().join("renamed")).is_err());
        unless_in_use(remove_file(&path)).unwrap();
        drop(file);
        remove_file(&path).unwrap();
        assert!(!path.exists());
    }
}

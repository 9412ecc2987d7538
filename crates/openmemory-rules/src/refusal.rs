//! Why did the system refuse, and what helps?

use std::io::{self, ErrorKind};

/// What is told of a refusal.
pub struct Refusal {
    pub remedy: &'static str,
    /// Whether the same can succeed later without a change of the request.
    pub retryable: bool,
    /// Whether the path itself is wrong.
    pub of_path: bool,
}

/// "Too many open files", of the process and of the system: they have no kind of their own.
#[cfg(unix)]
const TOO_MANY_FILES: [i32; 2] = [24, 23];
#[cfg(not(unix))]
const TOO_MANY_FILES: [i32; 1] = [4];
/// "Too many levels of symbolic links".
#[cfg(any(target_os = "linux", target_os = "android"))]
const LOOP: i32 = 40;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const LOOP: i32 = 62;

pub fn refusal(error: &io::Error) -> Refusal {
    let of_moment = |remedy| Refusal { remedy, retryable: true, of_path: false };
    let lasting = |remedy| Refusal { remedy, retryable: false, of_path: false };
    let of_path = |remedy| Refusal { remedy, retryable: false, of_path: true };
    let number = error.raw_os_error().unwrap_or_default();
    match error.kind() {
        _ if TOO_MANY_FILES.contains(&number) => {
            of_moment("too many files are open; close some, or raise the limit of the process (ulimit -n)")
        }
        _ if cfg!(unix) && number == LOOP => of_path("its symbolic links lead in a circle; name another path"),
        ErrorKind::StorageFull => of_moment("the disk is full; free space, then try again"),
        ErrorKind::QuotaExceeded => of_moment("the quota is used up; free space, then try again"),
        ErrorKind::ReadOnlyFilesystem => lasting("the file system is read-only; name a directory that can be written"),
        ErrorKind::PermissionDenied => {
            lasting("this process may not do that; give it the rights, or name another path")
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => of_path("a file is in its way; name another path"),
        ErrorKind::InvalidFilename => of_path("it is too long, or not a name here; name another path"),
        ErrorKind::InvalidInput => of_path("it holds a NUL, or is no path; name another path"),
        _ => of_moment("free space or mend the disk, then try again"),
    }
}

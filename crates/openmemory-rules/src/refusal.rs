//! Why did the system reject an operation, and what helps?

use std::io::{self, ErrorKind};

/// Advice for an I/O error.
pub struct Refusal {
    pub remedy: &'static str,
    /// Whether the same operation can succeed later.
    pub retryable: bool,
    /// Whether the path is invalid.
    pub of_path: bool,
}

/// "Too many open files" of the process and of the system, which have no `ErrorKind`.
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
    let transient = |remedy| Refusal { remedy, retryable: true, of_path: false };
    let permanent = |remedy| Refusal { remedy, retryable: false, of_path: false };
    let of_path = |remedy| Refusal { remedy, retryable: false, of_path: true };
    let number = error.raw_os_error().unwrap_or_default();
    match error.kind() {
        _ if TOO_MANY_FILES.contains(&number) => {
            transient("too many files are open; close some, or raise the limit of the process (ulimit -n)")
        }
        _ if cfg!(unix) && number == LOOP => of_path("its symbolic links form a loop; choose another path"),
        ErrorKind::StorageFull => transient("the disk is full; free space, then try again"),
        ErrorKind::QuotaExceeded => transient("the quota is exceeded; free space, then try again"),
        ErrorKind::ReadOnlyFilesystem => permanent("the file system is read-only; choose a writable directory"),
        ErrorKind::PermissionDenied => permanent("permission denied; grant access, or choose another path"),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => of_path("a file is in the way; choose another path"),
        ErrorKind::InvalidFilename => of_path("the name is too long or invalid; choose another path"),
        ErrorKind::InvalidInput => of_path("the path is invalid or contains NUL; choose another path"),
        _ => transient("check the disk, then try again"),
    }
}

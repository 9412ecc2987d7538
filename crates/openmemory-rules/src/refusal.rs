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
const TOO_MANY_FILES: &[i32] = if cfg!(windows) { &[4] } else { &[24, 23] };
/// "Too many levels of symbolic links". Windows says that the system cannot resolve the name.
const LOOP: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
    40
} else if cfg!(windows) {
    1921
} else {
    62
};
/// Windows: another program has the file open, or locked a part of it.
const IN_USE: &[i32] = if cfg!(windows) { &[32, 33] } else { &[] };

pub fn refusal(error: &io::Error) -> Refusal {
    let transient = |remedy| Refusal { remedy, retryable: true, of_path: false };
    let permanent = |remedy| Refusal { remedy, retryable: false, of_path: false };
    let of_path = |remedy| Refusal { remedy, retryable: false, of_path: true };
    let number = error.raw_os_error().unwrap_or_default();
    match error.kind() {
        _ if TOO_MANY_FILES.contains(&number) => transient(if cfg!(windows) {
            "too many files are open; close some"
        } else {
            "too many files are open; close some, or raise the limit of the process (ulimit -n)"
        }),
        _ if IN_USE.contains(&number) => transient("another program has the file open; close it there, then try again"),
        _ if number == LOOP => of_path("its symbolic links form a loop; choose another path"),
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

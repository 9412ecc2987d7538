//! Which system call fails? The environment selects one by its number among the counted calls, which are those on files
//! below a directory.
//!
//! | variable | meaning |
//! |---|---|
//! | `OPENMEMORY_FAULT` | `EIO`, `ENOSPC`, `EDQUOT`, `EMFILE`, `EINTR`, `SHORT`: the fault; only calls that can have it are counted. `EACCES`: a sync through a handle that may not write, which Windows refuses |
//! | `OPENMEMORY_FAULT_ROOT` | the directory whose calls are counted |
//! | `OPENMEMORY_FAULT_AT` | the number of the first call that fails, starting at 1; 0: none |
//! | `OPENMEMORY_FAULT_CALLS` | how many consecutive calls fail; default 1 |
//! | `OPENMEMORY_FAULT_REPORT` | a file that gets a line for each failed call, or for each counted call if none is to fail |

use std::ffi::{CStr, c_char, c_int};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

unsafe extern "C" {
    fn __errno_location() -> *mut c_int;
}

/// The kind of a call, which determines the faults that it can have.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// Allocates a file descriptor.
    Open,
    /// Allocates a file descriptor and may create a name.
    Create,
    Read,
    Write,
    /// Creates or changes a name, or changes a length.
    Change,
    Sync,
    /// Syncs a file through a handle that may not write.
    ReadOnlySync,
    /// Queries or removes.
    Other,
}

struct Fault {
    errno: c_int,
    short: bool,
    kinds: &'static [Kind],
    root: PathBuf,
    at: u64,
    calls: u64,
    report: Option<File>,
    counted: AtomicU64,
}

static FAULT: OnceLock<Option<Fault>> = OnceLock::new();

thread_local! {
    /// Set while this module makes calls itself, which are not counted.
    static BUSY: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

impl Fault {
    fn from_environment() -> Option<Self> {
        use Kind::{Change, Create, Open, Other, Read, ReadOnlySync, Sync, Write};
        let variable = |name: &str| std::env::var(format!("OPENMEMORY_FAULT{name}"));
        let number = |name: &str, otherwise| variable(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise);
        let (errno, kinds): (_, &[Kind]) = match variable("").ok()?.as_str() {
            "EIO" => (5, &[Open, Create, Read, Write, Change, Sync, Other]),
            "ENOSPC" => (28, &[Create, Write, Change, Sync]),
            "EDQUOT" => (122, &[Create, Write, Change, Sync]),
            "EMFILE" => (24, &[Open, Create]),
            "EINTR" => (4, &[Open, Create, Read, Write, Sync]),
            "EACCES" => (13, &[ReadOnlySync]),
            "SHORT" => (0, &[Read, Write]),
            _ => return None,
        };
        let report = variable("_REPORT").ok();
        let report = report.and_then(|path| OpenOptions::new().append(true).create(true).open(path).ok());
        let (at, calls) = (number("_AT", 0), number("_CALLS", 1));
        let (root, short) = (variable("_ROOT").ok()?.into(), errno == 0);
        Some(Self { errno, short, kinds, root, at, calls, report, counted: AtomicU64::new(0) })
    }

    /// Counts a call. Returns whether it must fail.
    fn hits(&self, kind: Kind, call: &str, path: &Path) -> bool {
        if !self.kinds.contains(&kind) || !path.starts_with(&self.root) {
            return false;
        }
        let number = self.counted.fetch_add(1, Ordering::Relaxed) + 1;
        let hits = self.at > 0 && (self.at..self.at + self.calls).contains(&number);
        if (hits || self.at == 0)
            && let Some(mut report) = self.report.as_ref()
        {
            let path = path.strip_prefix(&self.root).unwrap_or(path);
            let _ = report.write_all(format!("{number} {call} {}\n", path.display()).as_bytes());
        }
        hits
    }
}

fn fault_of(kind: Kind, call: &str, path: impl FnOnce() -> PathBuf) -> Option<&'static Fault> {
    if BUSY.replace(true) {
        return None;
    }
    let fault = FAULT.get_or_init(Fault::from_environment).as_ref();
    let fault = fault.filter(|fault| fault.hits(kind, call, &path()));
    BUSY.set(false);
    fault
}

/// Makes calls that do not count.
pub fn uncounted<T>(work: impl FnOnce() -> T) -> T {
    let busy = BUSY.replace(true);
    let done = work();
    BUSY.set(busy);
    done
}

fn path_of(fd: c_int) -> PathBuf {
    std::fs::read_link(format!("/proc/self/fd/{fd}")).unwrap_or_default()
}

fn path_at(path: *const c_char) -> PathBuf {
    String::from_utf8_lossy(unsafe { CStr::from_ptr(path) }.to_bytes()).into_owned().into()
}

fn fail(fault: &Fault) -> bool {
    unsafe { *__errno_location() = fault.errno };
    true
}

/// Whether a call on a path fails, with `errno` set.
pub fn on_path(kind: Kind, call: &str, path: *const c_char) -> bool {
    fault_of(kind, call, || path_at(path)).is_some_and(fail)
}

/// Whether a call on a path relative to an open directory, or on an absolute path, fails.
pub fn on_path_below(kind: Kind, call: &str, directory: c_int, path: *const c_char) -> bool {
    fault_of(kind, call, || path_of(directory).join(path_at(path))).is_some_and(fail)
}

/// Whether a call on an open file fails.
pub fn on_file(kind: Kind, call: &str, fd: c_int) -> bool {
    fault_of(kind, call, || path_of(fd)).is_some_and(fail)
}

/// How many bytes a call on an open file may read or write; `None` if it fails.
pub fn on_bytes(kind: Kind, call: &str, fd: c_int, length: usize) -> Option<usize> {
    match fault_of(kind, call, || path_of(fd)) {
        None => Some(length),
        Some(fault) if fault.short => Some(length.div_ceil(2)),
        Some(fault) => {
            fail(fault);
            None
        }
    }
}

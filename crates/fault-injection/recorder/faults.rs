//! Which call fails? One of those that touch a directory, by its number, as the environment says; each is counted.
//!
//! | variable | says |
//! |---|---|
//! | `OPENMEMORY_FAULT` | `EIO`, `ENOSPC`, `EDQUOT`, `EMFILE`, `EINTR`, `SHORT`: what happens to a call; only calls to which it can happen are counted |
//! | `OPENMEMORY_FAULT_ROOT` | the directory whose files and names are meant |
//! | `OPENMEMORY_FAULT_AT` | the number of the first call that fails, from 1 on; 0: none |
//! | `OPENMEMORY_FAULT_CALLS` | how many calls in a row fail; 1 |
//! | `OPENMEMORY_FAULT_REPORT` | a file that gets a line for each call that failed; where none is to fail, for each counted one |

use std::ffi::{CStr, c_char, c_int};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

unsafe extern "C" {
    fn __errno_location() -> *mut c_int;
}

/// What a call does, as far as it decides which faults can happen to it.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// Takes a descriptor.
    Open,
    /// Takes a descriptor and a name.
    Create,
    Read,
    Write,
    /// Makes or changes a name, or a length.
    Change,
    Sync,
    /// Asks, or removes.
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
    /// What this module itself asks of the system does not count.
    static BUSY: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

impl Fault {
    fn of_environment() -> Option<Self> {
        use Kind::{Change, Create, Open, Other, Read, Sync, Write};
        let variable = |name: &str| std::env::var(format!("OPENMEMORY_FAULT{name}"));
        let number = |name: &str, otherwise| variable(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise);
        let (errno, kinds): (_, &[Kind]) = match variable("").ok()?.as_str() {
            "EIO" => (5, &[Open, Create, Read, Write, Change, Sync, Other]),
            "ENOSPC" => (28, &[Create, Write, Change, Sync]),
            "EDQUOT" => (122, &[Create, Write, Change, Sync]),
            "EMFILE" => (24, &[Open, Create]),
            "EINTR" => (4, &[Open, Create, Read, Write, Sync]),
            "SHORT" => (0, &[Read, Write]),
            _ => return None,
        };
        let report = variable("_REPORT").ok();
        let report = report.and_then(|path| OpenOptions::new().append(true).create(true).open(path).ok());
        let (at, calls) = (number("_AT", 0), number("_CALLS", 1));
        let (root, short) = (variable("_ROOT").ok()?.into(), errno == 0);
        Some(Self { errno, short, kinds, root, at, calls, report, counted: AtomicU64::new(0) })
    }

    /// Counts a call; whether it fails.
    fn strikes(&self, kind: Kind, call: &str, path: &Path) -> bool {
        if !self.kinds.contains(&kind) || !path.starts_with(&self.root) {
            return false;
        }
        let number = self.counted.fetch_add(1, Ordering::Relaxed) + 1;
        let strikes = self.at > 0 && (self.at..self.at + self.calls).contains(&number);
        if (strikes || self.at == 0)
            && let Some(mut report) = self.report.as_ref()
        {
            let path = path.strip_prefix(&self.root).unwrap_or(path);
            let _ = report.write_all(format!("{number} {call} {}\n", path.display()).as_bytes());
        }
        strikes
    }
}

fn fault_of(kind: Kind, call: &str, path: impl FnOnce() -> PathBuf) -> Option<&'static Fault> {
    if BUSY.replace(true) {
        return None;
    }
    let fault = FAULT.get_or_init(Fault::of_environment).as_ref();
    let fault = fault.filter(|fault| fault.strikes(kind, call, &path()));
    BUSY.set(false);
    fault
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

/// Whether a call on a name fails; the reason is where the C library has it.
pub fn on_path(kind: Kind, call: &str, path: *const c_char) -> bool {
    fault_of(kind, call, || path_at(path)).is_some_and(fail)
}

/// Whether a call on a name below an open directory, or on a whole path, fails.
pub fn on_path_below(kind: Kind, call: &str, directory: c_int, path: *const c_char) -> bool {
    fault_of(kind, call, || path_of(directory).join(path_at(path))).is_some_and(fail)
}

/// Whether a call on an open file fails.
pub fn on_file(kind: Kind, call: &str, fd: c_int) -> bool {
    fault_of(kind, call, || path_of(fd)).is_some_and(fail)
}

/// How many of the bytes a call on an open file may read or write; none: it fails.
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

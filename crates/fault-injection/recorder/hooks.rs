//! Which system calls are intercepted? Those that change files are recorded, and all of them can fail.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs::File;
use std::mem::{ManuallyDrop, transmute};
use std::os::fd::FromRawFd;
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::faults::{Kind, on_bytes, on_file, on_path, on_path_below, uncounted};

type Size = usize;
type Offset = i64;

const NEXT: *mut c_void = -1isize as *mut c_void;
const CREATE: c_int = 0o100;
const TRUNCATE: c_int = 0o1000;
const ACCESS_MODE: c_int = 0o3;
const GET_FLAGS: c_int = 3;

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
    fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
}

/// The intercepted function of the C library.
macro_rules! real {
    ($name:literal as $type:ty) => {{
        static FOUND: OnceLock<usize> = OnceLock::new();
        let found = *FOUND.get_or_init(|| unsafe { dlsym(NEXT, concat!($name, "\0").as_ptr().cast()) as usize });
        unsafe { transmute::<usize, $type>(found) }
    }};
}

type Write = unsafe extern "C" fn(c_int, *const c_void, Size) -> isize;

/// The journal's file descriptor; -1 if nothing is recorded.
static JOURNAL: OnceLock<c_int> = OnceLock::new();
/// Held during a call and its entry, so that entries are in the order of calls.
static ORDER: Mutex<()> = Mutex::new(());

fn journal() -> c_int {
    *JOURNAL.get_or_init(|| {
        let Ok(path) = std::env::var("OPENMEMORY_JOURNAL") else { return -1 };
        let path = format!("{path}\0");
        let open = real!("open64" as unsafe extern "C" fn(*const c_char, c_int, u32) -> c_int);
        // Write-only, created if missing, appending, closed on exec.
        unsafe { open(path.as_ptr().cast(), 1 | CREATE | 0o2000 | 0o2000000, 0o644) }
    })
}

fn begin() -> Option<MutexGuard<'static, ()>> {
    (journal() >= 0).then(|| ORDER.lock().unwrap_or_else(PoisonError::into_inner))
}

fn record(kind: u8, text: &[u8], data: &[u8], number: u64, offset: u64) {
    let mut entry = vec![kind];
    for field in [text.len() as u64, data.len() as u64, number, offset] {
        entry.extend_from_slice(&field.to_le_bytes());
    }
    entry.extend_from_slice(text);
    entry.extend_from_slice(data);
    let write = real!("write" as Write);
    let mut remaining = entry.as_slice();
    while !remaining.is_empty() {
        let written = unsafe { write(journal(), remaining.as_ptr().cast(), remaining.len()) };
        if written <= 0 {
            return;
        }
        remaining = &remaining[written as usize..];
    }
}

fn inode(fd: c_int) -> u64 {
    let file = ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
    file.metadata().map_or(0, |found| found.ino())
}

fn text(path: *const c_char) -> Vec<u8> {
    unsafe { CStr::from_ptr(path) }.to_bytes().to_vec()
}

fn exists(path: &[u8]) -> bool {
    std::str::from_utf8(path).is_ok_and(|path| std::fs::symlink_metadata(path).is_ok())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: u32) -> c_int {
    let open = real!("open64" as unsafe extern "C" fn(*const c_char, c_int, u32) -> c_int);
    if on_path(if flags & CREATE == 0 { Kind::Open } else { Kind::Create }, "open", path) {
        return -1;
    }
    if flags & (CREATE | TRUNCATE) == 0 {
        return unsafe { open(path, flags, mode) };
    }
    let Some(_order) = begin() else { return unsafe { open(path, flags, mode) } };
    let name = text(path);
    let before = exists(&name);
    let fd = unsafe { open(path, flags, mode) };
    if fd >= 0 && !before {
        record(b'c', &name, &[], inode(fd), 0);
    } else if fd >= 0 && flags & TRUNCATE != 0 {
        record(b't', &[], &[], inode(fd), 0);
    }
    fd
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(fd: c_int, data: *const c_void, length: Size) -> isize {
    let write = real!("write" as Write);
    let Some(length) = on_bytes(Kind::Write, "write", fd, length) else { return -1 };
    let Some(_order) = begin() else { return unsafe { write(fd, data, length) } };
    let seek = real!("lseek64" as unsafe extern "C" fn(c_int, Offset, c_int) -> Offset);
    let at = if fd > 2 { unsafe { seek(fd, 0, 1) } } else { -1 };
    let written = unsafe { write(fd, data, length) };
    if written > 0 {
        let data = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), written as usize) };
        match fd {
            1 => record(b'o', &[], data, 0, 0),
            _ if at >= 0 => record(b'w', &[], data, inode(fd), at as u64),
            _ => {}
        }
    }
    written
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(fd: c_int, data: *const c_void, length: Size, offset: Offset) -> isize {
    let pwrite = real!("pwrite64" as unsafe extern "C" fn(c_int, *const c_void, Size, Offset) -> isize);
    let Some(length) = on_bytes(Kind::Write, "pwrite", fd, length) else { return -1 };
    let Some(_order) = begin() else { return unsafe { pwrite(fd, data, length, offset) } };
    let written = unsafe { pwrite(fd, data, length, offset) };
    if written > 0 {
        let data = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), written as usize) };
        record(b'w', &[], data, inode(fd), offset as u64);
    }
    written
}

/// Whether this is a handle of a regular file that may not write.
fn is_read_only_file(fd: c_int) -> bool {
    let file = ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
    let flags = unsafe { fcntl(fd, GET_FLAGS) };
    flags & ACCESS_MODE == 0 && uncounted(|| file.metadata().is_ok_and(|found| found.is_file()))
}

fn sync(fd: c_int, name: &str, call: unsafe extern "C" fn(c_int) -> c_int) -> c_int {
    let kind = if is_read_only_file(fd) { Kind::ReadOnlySync } else { Kind::Sync };
    if on_file(kind, name, fd) {
        return -1;
    }
    let Some(_order) = begin() else { return unsafe { call(fd) } };
    let result = unsafe { call(fd) };
    if result == 0 {
        let name = std::fs::read_link(format!("/proc/self/fd/{fd}")).unwrap_or_default();
        record(b's', name.as_os_str().as_encoded_bytes(), &[], inode(fd), 0);
    }
    result
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    sync(fd, "fsync", real!("fsync" as unsafe extern "C" fn(c_int) -> c_int))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    sync(fd, "fdatasync", real!("fdatasync" as unsafe extern "C" fn(c_int) -> c_int))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate64(fd: c_int, length: Offset) -> c_int {
    let truncate = real!("ftruncate64" as unsafe extern "C" fn(c_int, Offset) -> c_int);
    if on_file(Kind::Change, "ftruncate", fd) {
        return -1;
    }
    let Some(_order) = begin() else { return unsafe { truncate(fd, length) } };
    let result = unsafe { truncate(fd, length) };
    if result == 0 {
        record(b't', &[], &[], inode(fd), length as u64);
    }
    result
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    let rename = real!("rename" as unsafe extern "C" fn(*const c_char, *const c_char) -> c_int);
    if on_path(Kind::Change, "rename", to) {
        return -1;
    }
    let Some(_order) = begin() else { return unsafe { rename(from, to) } };
    let result = unsafe { rename(from, to) };
    if result == 0 {
        record(b'r', &text(from), &text(to), 0, 0);
    }
    result
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    let unlink = real!("unlink" as unsafe extern "C" fn(*const c_char) -> c_int);
    if on_path(Kind::Other, "unlink", path) {
        return -1;
    }
    let Some(_order) = begin() else { return unsafe { unlink(path) } };
    let result = unsafe { unlink(path) };
    if result == 0 {
        record(b'u', &text(path), &[], 0, 0);
    }
    result
}

/// Used to remove directory trees. Paths are relative to an open directory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlinkat(directory: c_int, path: *const c_char, flags: c_int) -> c_int {
    let unlinkat = real!("unlinkat" as unsafe extern "C" fn(c_int, *const c_char, c_int) -> c_int);
    if on_path_below(Kind::Other, "unlinkat", directory, path) {
        return -1;
    }
    let Some(_order) = begin() else { return unsafe { unlinkat(directory, path, flags) } };
    let result = unsafe { unlinkat(directory, path, flags) };
    if result == 0 {
        let mut name = std::fs::read_link(format!("/proc/self/fd/{directory}")).unwrap_or_default();
        name.push(String::from_utf8_lossy(&text(path)).as_ref());
        record(b'u', name.as_os_str().as_encoded_bytes(), &[], 0, 0);
    }
    result
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mkdir(path: *const c_char, mode: u32) -> c_int {
    let mkdir = real!("mkdir" as unsafe extern "C" fn(*const c_char, u32) -> c_int);
    if on_path(Kind::Change, "mkdir", path) {
        return -1;
    }
    let Some(_order) = begin() else { return unsafe { mkdir(path, mode) } };
    let result = unsafe { mkdir(path, mode) };
    if result == 0 {
        record(b'd', &text(path), &[], 0, 0);
    }
    result
}

// The following calls do not change files, so they are not recorded, but they can fail.

#[unsafe(no_mangle)]
pub unsafe extern "C" fn read(fd: c_int, data: *mut c_void, length: Size) -> isize {
    let read = real!("read" as unsafe extern "C" fn(c_int, *mut c_void, Size) -> isize);
    let Some(length) = on_bytes(Kind::Read, "read", fd, length) else { return -1 };
    unsafe { read(fd, data, length) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pread64(fd: c_int, data: *mut c_void, length: Size, offset: Offset) -> isize {
    let pread = real!("pread64" as unsafe extern "C" fn(c_int, *mut c_void, Size, Offset) -> isize);
    let Some(length) = on_bytes(Kind::Read, "pread", fd, length) else { return -1 };
    unsafe { pread(fd, data, length, offset) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn sync_file_range(fd: c_int, offset: Offset, length: Offset, flags: u32) -> c_int {
    let sync = real!("sync_file_range" as unsafe extern "C" fn(c_int, Offset, Offset, u32) -> c_int);
    if on_file(Kind::Sync, "sync_file_range", fd) {
        return -1;
    }
    unsafe { sync(fd, offset, length, flags) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rmdir(path: *const c_char) -> c_int {
    let rmdir = real!("rmdir" as unsafe extern "C" fn(*const c_char) -> c_int);
    if on_path(Kind::Other, "rmdir", path) {
        return -1;
    }
    unsafe { rmdir(path) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn opendir(path: *const c_char) -> *mut c_void {
    let opendir = real!("opendir" as unsafe extern "C" fn(*const c_char) -> *mut c_void);
    if on_path(Kind::Open, "opendir", path) {
        return std::ptr::null_mut();
    }
    unsafe { opendir(path) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn chmod(path: *const c_char, mode: u32) -> c_int {
    let chmod = real!("chmod" as unsafe extern "C" fn(*const c_char, u32) -> c_int);
    if on_path(Kind::Other, "chmod", path) {
        return -1;
    }
    unsafe { chmod(path, mode) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn flock(fd: c_int, operation: c_int) -> c_int {
    let flock = real!("flock" as unsafe extern "C" fn(c_int, c_int) -> c_int);
    if on_file(Kind::Other, "flock", fd) {
        return -1;
    }
    unsafe { flock(fd, operation) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn statx(
    directory: c_int,
    path: *const c_char,
    flags: c_int,
    mask: u32,
    found: *mut c_void,
) -> c_int {
    let statx = real!("statx" as unsafe extern "C" fn(c_int, *const c_char, c_int, u32, *mut c_void) -> c_int);
    // Rust's standard library probes for this call without a path.
    let fails = match unsafe { path.as_ref() } {
        None => false,
        Some(0) => on_file(Kind::Other, "statx", directory),
        Some(_) => on_path_below(Kind::Other, "statx", directory, path),
    };
    if fails {
        return -1;
    }
    unsafe { statx(directory, path, flags, mask, found) }
}

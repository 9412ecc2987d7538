//! What does a process write, and what of it is synced? A library to be preloaded on Linux: it passes the calls of the C
//! library on and keeps a journal of those that change files, in the order in which they happened. It can also let one of
//! them fail: see [`faults`].
//!
//! Each entry is `kind, length of the text, length of the data, number, offset` (one byte and four little-endian u64)
//! and then text and data. A file is named by its inode; what is written to standard output is kept too.
#![cfg(target_os = "linux")]
#![allow(clippy::missing_safety_doc, reason = "each function has the contract of the C library's function of its name")]

mod faults;
mod hooks;

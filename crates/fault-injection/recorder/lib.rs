//! What does a process write, and what of it is synced? A library to preload on Linux. It forwards the calls of the C
//! library and records those that change files in a journal, in order. It can also make calls fail: see [`faults`].
//!
//! Each entry is `kind, length of the text, length of the data, number, offset` (one byte and four little-endian u64),
//! followed by the text and the data. Files are identified by inode. Output to stdout is recorded too.
#![cfg(target_os = "linux")]
#![allow(clippy::missing_safety_doc, reason = "each function has the contract of the C library's function of its name")]

mod faults;
mod hooks;

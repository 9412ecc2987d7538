//! What is published and what is not, shown with the smallest binaries of each format.
#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod bytes;
mod elf;
mod findings;
mod linux;
mod macho;
mod macos;
mod pe;
mod reading;
mod windows;

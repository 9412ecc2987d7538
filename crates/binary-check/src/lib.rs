//! Can a built addon be published? Read on any system, without tools of the one that it is for.
//!
//! | file | question |
//! |---|---|
//! | `read` | which of the three formats is it? |
//! | `elf`, `pe`, `macho` | what does it export and need? |
//! | `signature` | is each page of a macOS binary the signed one? |
//! | `names` | how are its symbols and libraries called? |
//! | `paths` | does it reveal the machine that built it? |
//! | `rules` | which of this prevents publishing? |
//! | `facts`, `platform` | how is the answer written down? |
#![forbid(unsafe_code)]

mod elf;
mod facts;
mod macho;
mod names;
mod paths;
mod pe;
mod platform;
mod read;
mod rules;
mod signature;

pub use facts::{Binary, Signature, Unreadable, Version};
pub use paths::paths_in;
pub use platform::{Platform, Processor, System};
pub use read::read;
pub use rules::{Purpose, problems};

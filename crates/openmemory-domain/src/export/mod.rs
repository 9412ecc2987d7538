//! What is an export? JSON lines: a header, each memory with its full history, tombstones, and a trailer that proves
//! that the file is complete. docs/reference/export-format.md describes the format.

mod document;
mod line;
mod memory;
mod read;
mod row;

pub use document::{ExportedTombstone, FORMAT, FORMAT_VERSION, Header, HeaderProblem, Line, Trailer};
pub use memory::{ExportedLink, ExportedMemory, ExportedVersion};
pub use row::{LinkRow, MemoryRow, VersionRow};

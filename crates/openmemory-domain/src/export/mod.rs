//! What does an export say? JSON lines: a header, then each memory with its whole history, then what is known of
//! deleted ones, then a trailer that shows that nothing is missing. docs/reference/export-format.md describes them for readers.

mod document;
mod line;
mod memory;
mod read;
mod row;

pub use document::{ExportedTombstone, FORMAT, FORMAT_VERSION, Header, HeaderProblem, Line, Trailer};
pub use memory::{ExportedLink, ExportedMemory, ExportedVersion};
pub use row::{LinkRow, MemoryRow, VersionRow};

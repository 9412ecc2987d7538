//! How is a store exported as lines of JSON? Memory by memory, into a file or to a sink of the caller.

mod file;
mod write;

pub use file::ExportFile;

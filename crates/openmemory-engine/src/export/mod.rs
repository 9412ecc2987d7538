//! How does a store become lines of text? Memory by memory, each as it is at that moment; into a file beside the one
//! asked for that takes its name when it is whole, or to whoever takes the lines.

mod file;
mod lines;
mod write;

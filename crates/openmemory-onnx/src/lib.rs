//! Runs an ONNX text model: a row of tokens in, vectors out. The only crate that knows tract, which is compiled into
//! it once, for the engine and for its tests.
//!
//! `network` loads and runs; `weights` and `rewrite` change the model before tract reads it; `graph` and `operators` stand
//! in tract's graph for what `int8`, `attention` and `norm` compute, all but the last by `tile`.

#![forbid(unsafe_code)]

mod attention;
mod graph;
mod int8;
mod network;
mod norm;
mod operators;
mod rewrite;
#[cfg(test)]
mod tests;
mod tile;
mod weights;

pub use network::{Network, NetworkError, Output};

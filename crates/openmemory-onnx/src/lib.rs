//! How is an ONNX text model run? Tokens in, vectors out. This is the only crate that knows tract, so that tract is
//! compiled once for the engine and its tests.
//!
//! `network` loads and runs a model; `weights` and `rewrite` transform it before tract reads it; `graph` and
//! `operators` connect tract's graph to the kernels in `int8`, `attention` and `norm`, of which the first two use
//! `tile`.

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

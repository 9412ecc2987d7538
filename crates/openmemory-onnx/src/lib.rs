//! How is an ONNX text model run? Tokens in, vectors out. This is the only crate that knows tract, so that tract is
//! compiled once for the engine and its tests.
//!
//! `describe` says what a file contains; `network` loads and runs a model; `rewrite`, `int4` and `weights` transform it before tract reads it; `graph` and
//! `operators` connect tract's graph to the kernels in `int8`, `table`, `attention` and `norm`.

#![forbid(unsafe_code)]

mod attention;
mod describe;
mod graph;
mod int4;
mod int8;
mod network;
mod norm;
mod operators;
mod rewrite;
mod table;
mod tensors;
#[cfg(test)]
mod tests;
mod tile;
mod weights;

pub use describe::{Description, Port};
pub use network::{Network, NetworkError, Output};

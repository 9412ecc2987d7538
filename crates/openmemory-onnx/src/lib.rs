//! Runs an ONNX text model: a row of tokens in, vectors out. The only crate that knows tract, which is compiled into
//! it once, for the engine and for its tests.

#![forbid(unsafe_code)]

mod network;
mod weights;

pub use network::{Network, NetworkError, Output};

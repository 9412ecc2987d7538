//! Fourier transforms of audio models, by their definition. tract needs them to compile; the library that it names is 1.8 MB of
//! every binary, and no text model calls it (docs/adr/0115-binaries-are-compiled-for-size.md).

#![forbid(unsafe_code)]

mod dft;

pub use dft::{Dft, FftDirection, FftNum, FftPlanner};
pub use num_complex;
pub use num_traits;

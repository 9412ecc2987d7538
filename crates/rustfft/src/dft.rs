//! X[k] = Σ x[j]·exp(∓2πi·jk/n), as in <https://en.wikipedia.org/wiki/Discrete_Fourier_transform>, not normalised in either
//! direction. Takes n² steps.

use std::sync::Arc;

use num_complex::Complex;
use num_traits::{FromPrimitive, Num, ToPrimitive};

/// A number of a signal.
pub trait FftNum: Copy + FromPrimitive + Num + ToPrimitive + 'static {}

impl<T: Copy + FromPrimitive + Num + ToPrimitive + 'static> FftNum for T {}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FftDirection {
    Forward,
    Inverse,
}

#[derive(Debug, Default)]
pub struct FftPlanner;

impl FftPlanner {
    pub fn new() -> Self {
        Self
    }

    pub fn plan_fft_forward(&mut self, len: usize) -> Arc<Dft> {
        self.plan_fft(len, FftDirection::Forward)
    }

    pub fn plan_fft(&mut self, len: usize, direction: FftDirection) -> Arc<Dft> {
        Arc::new(Dft { len, direction })
    }
}

/// A transform of signals of one length.
#[derive(Debug)]
pub struct Dft {
    len: usize,
    direction: FftDirection,
}

impl Dft {
    /// Transforms each signal of `buffer` in place.
    ///
    /// # Panics
    ///
    /// If `buffer` ends within a signal.
    pub fn process<T: FftNum>(&self, buffer: &mut [Complex<T>]) {
        if self.len == 0 {
            return;
        }
        assert!(buffer.len().is_multiple_of(self.len), "{} numbers, not signals of {}", buffer.len(), self.len);
        for signal in buffer.chunks_exact_mut(self.len) {
            let values: Vec<Complex<f64>> =
                signal.iter().map(|value| Complex::new(wide(value.re), wide(value.im))).collect();
            for (k, value) in signal.iter_mut().enumerate() {
                let sum = values.iter().enumerate().map(|(j, value)| value * self.root(j * k)).sum::<Complex<f64>>();
                *value = Complex::new(narrow(sum.re), narrow(sum.im));
            }
        }
    }

    /// A power of the nth root of unity.
    fn root(&self, power: usize) -> Complex<f64> {
        let turn = std::f64::consts::TAU * (power % self.len) as f64 / self.len as f64;
        Complex::cis(match self.direction {
            FftDirection::Forward => -turn,
            FftDirection::Inverse => turn,
        })
    }
}

fn wide<T: FftNum>(value: T) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}

fn narrow<T: FftNum>(value: f64) -> T {
    T::from_f64(value).unwrap_or_else(T::zero)
}

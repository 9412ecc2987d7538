//! The values that numpy.fft gives for the same signals.

use rustfft::num_complex::Complex;
use rustfft::{FftDirection, FftPlanner};

fn complex(values: &[(f32, f32)]) -> Vec<Complex<f32>> {
    values.iter().map(|&(re, im)| Complex::new(re, im)).collect()
}

fn close(left: &[Complex<f32>], right: &[Complex<f32>]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| (left - right).norm() < 1e-5)
}

#[test]
fn a_signal_becomes_its_frequencies_and_back() {
    let signal = complex(&[(1.0, 0.0), (2.0, -1.0), (0.0, -1.0), (-1.0, 2.0)]);
    let mut values = signal.clone();
    FftPlanner::new().plan_fft_forward(4).process(&mut values);
    assert!(close(&values, &complex(&[(2.0, 0.0), (-2.0, -2.0), (0.0, -2.0), (4.0, 4.0)])), "{values:?}");
    FftPlanner::new().plan_fft(4, FftDirection::Inverse).process(&mut values);
    values.iter_mut().for_each(|value| *value /= 4.0);
    assert!(close(&values, &signal), "{values:?}");
}

#[test]
fn each_signal_of_a_buffer_is_transformed_by_itself() {
    let mut values = complex(&[(1.0, 0.0), (0.0, 0.0), (0.0, 0.0), (1.0, 0.0), (1.0, 0.0), (1.0, 0.0)]);
    FftPlanner::new().plan_fft_forward(3).process(&mut values);
    assert!(
        close(&values, &complex(&[(1.0, 0.0), (1.0, 0.0), (1.0, 0.0), (3.0, 0.0), (0.0, 0.0), (0.0, 0.0)])),
        "{values:?}"
    );
}

#[test]
fn no_signal_has_no_frequencies() {
    FftPlanner::new().plan_fft_forward(0).process(&mut Vec::<Complex<f64>>::new());
}

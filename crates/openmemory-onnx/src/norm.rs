//! How is layer normalisation computed?

use pulp::{Simd, WithSimd};

/// `(x - mean) / sqrt(variance + epsilon) * weight + bias` for each row. Rows are as long as `weight`, a multiple of
/// 16. Run through `pulp::Arch::dispatch`.
pub(crate) struct Normalise<'a> {
    pub(crate) rows: &'a [f32],
    pub(crate) weight: &'a [f32],
    pub(crate) bias: &'a [f32],
    pub(crate) epsilon: f32,
    pub(crate) out: &'a mut [f32],
}

impl WithSimd for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.weight.len();
        let (weight, bias) = (S::as_simd_f32s(self.weight).0, S::as_simd_f32s(self.bias).0);
        for (row, out) in self.rows.chunks_exact(width).zip(self.out.chunks_exact_mut(width)) {
            let (row, out) = (S::as_simd_f32s(row).0, S::as_mut_simd_f32s(out).0);
            let zero = simd.splat_f32s(0.0);
            let sum = row.iter().fold(zero, |sum, x| simd.add_f32s(sum, *x));
            let mean = simd.splat_f32s(simd.reduce_sum_f32s(sum) / width as f32);
            let squares = row.iter().fold(zero, |sum, x| {
                let deviation = simd.sub_f32s(*x, mean);
                simd.mul_add_e_f32s(deviation, deviation, sum)
            });
            let variance = simd.reduce_sum_f32s(squares) / width as f32;
            let scale = simd.splat_f32s(1.0 / (variance + self.epsilon).sqrt());
            for (((out, x), weight), bias) in out.iter_mut().zip(row).zip(weight).zip(bias) {
                let normal = simd.mul_f32s(simd.sub_f32s(*x, mean), scale);
                *out = simd.mul_add_e_f32s(normal, *weight, *bias);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{instruction_sets, numbers};

    #[test]
    fn rows_get_the_deviation_of_the_weights_and_the_mean_of_the_biases() {
        let width = 64;
        let rows: Vec<f32> = numbers(1, 3 * width).iter().map(|x| 5.0 + 3.0 * x).collect();
        let (weight, bias) = (vec![2.0; width], vec![-1.0; width]);
        for arch in instruction_sets() {
            let mut out = vec![f32::NAN; rows.len()];
            arch.dispatch(Normalise { rows: &rows, weight: &weight, bias: &bias, epsilon: 1e-12, out: &mut out });
            for row in out.chunks_exact(width) {
                let mean = row.iter().sum::<f32>() / width as f32;
                let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / width as f32;
                assert!((mean + 1.0).abs() < 1e-5 && (variance - 4.0).abs() < 1e-4, "{arch:?}: {mean}, {variance}");
            }
        }
    }
}

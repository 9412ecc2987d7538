//! How are rows multiplied with a matrix of int8 weights?
//!
//! A weight is an int8 value times a scale that 32 consecutive weights of a column share. Weights stay int8 in memory
//! and are expanded to f32 a block at a time, in the first-level cache. Short texts are limited by memory bandwidth, so
//! reading a quarter of the bytes is faster. The sums are the same as with f32 weights.

use pulp::{Simd, WithSimd};
#[cfg(target_arch = "x86_64")]
use safe_arch::prefetch_t0 as prefetch;

use crate::tile::{COLUMNS, Rows, multiply};

/// Weights per scale.
pub(crate) const GROUP: usize = 32;

/// Rows of the matrix expanded at a time: 16 KiB of f32.
const DEPTH: usize = 128;

/// Bytes of a cache line.
const CACHE_LINE: usize = 64;

/// A matrix of `inputs` rows and `outputs` columns.
#[derive(Debug)]
pub(crate) struct Int8Matrix {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// Panels of 32 columns, each stored row by row.
    values: Vec<i8>,
    scales: Vec<f32>,
}

impl Int8Matrix {
    /// Whether a matrix of this size consists of full blocks.
    pub(crate) fn supports(inputs: usize, outputs: usize) -> bool {
        inputs > 0 && outputs > 0 && inputs.is_multiple_of(DEPTH) && outputs.is_multiple_of(COLUMNS)
    }

    /// `None` if the matrix does not consist of full blocks.
    pub(crate) fn new(values: &[i8], scales: &[f32], inputs: usize, outputs: usize) -> Option<Self> {
        let fits = values.len() == inputs * outputs && scales.len() * GROUP == values.len();
        let whole = fits && Self::supports(inputs, outputs);
        whole.then(|| Self { inputs, outputs, values: panels(values, outputs), scales: panels(scales, outputs) })
    }

    /// `bias` plus `rows` times the matrix. Each row has `inputs` numbers, each result `outputs`.
    pub(crate) fn apply(&self, arch: pulp::Arch, rows: &[f32], bias: &[f32], out: &mut [f32]) {
        for out in out.chunks_exact_mut(self.outputs) {
            out.copy_from_slice(bias);
        }
        arch.dispatch(Apply { matrix: self, rows, out });
    }
}

/// Whether a row of this width consists of full groups, and thus of full SIMD vectors.
pub(crate) fn whole_groups(width: usize) -> bool {
    width > 0 && width.is_multiple_of(GROUP)
}

/// Rearranges the columns into panels of 32, so that a block is contiguous.
fn panels<T: Copy>(values: &[T], columns: usize) -> Vec<T> {
    (0..columns)
        .step_by(COLUMNS)
        .flat_map(|from| values.chunks_exact(columns).flat_map(move |row| &row[from..from + COLUMNS]))
        .copied()
        .collect()
}

struct Apply<'a> {
    matrix: &'a Int8Matrix,
    rows: &'a [f32],
    out: &'a mut [f32],
}

/// Aligned, because vectors that cross a cache line are slower to read.
#[repr(align(64))]
struct Block([f32; DEPTH * COLUMNS]);

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Int8Matrix { inputs, outputs, values, scales } = self.matrix;
        let rows = Rows { values: self.rows, stride: *inputs, count: self.rows.len() / inputs };
        let mut block = Block([0.0; DEPTH * COLUMNS]);
        let values = values.chunks_exact(DEPTH * COLUMNS);
        let scales = scales.chunks_exact(DEPTH / GROUP * COLUMNS);
        let following = values.clone().zip(scales.clone()).skip(1).map(Some).chain([None]);
        for ((number, (values, scales)), following) in values.zip(scales).enumerate().zip(following) {
            expand(simd, values, scales, &mut block.0);
            // Prefetches the next weights while these are multiplied.
            if let Some((values, scales)) = following {
                values.chunks(CACHE_LINE).for_each(|line| prefetch(&line[0]));
                scales.chunks(CACHE_LINE / size_of::<f32>()).for_each(|line| prefetch(&line[0]));
            }
            let (panel, part) = (number / (inputs / DEPTH), number % (inputs / DEPTH));
            multiply::<S, DEPTH>(simd, rows, part * DEPTH, &block.0, self.out, *outputs, panel * COLUMNS);
        }
    }
}

/// Prefetches a cache line, on processors for which there is a safe function.
#[cfg(not(target_arch = "x86_64"))]
fn prefetch<T>(_: &T) {}

#[inline(always)]
fn expand<S: Simd>(simd: S, values: &[i8], scales: &[f32], block: &mut [f32]) {
    let groups = values.chunks_exact(GROUP * COLUMNS).zip(scales.chunks_exact(COLUMNS));
    for ((values, scales), block) in groups.zip(block.chunks_exact_mut(GROUP * COLUMNS)) {
        let (scales, _) = S::as_simd_f32s(scales);
        for (values, block) in values.chunks_exact(COLUMNS).zip(block.chunks_exact_mut(COLUMNS)) {
            let mut numbers = [0.0; COLUMNS];
            for (number, value) in numbers.iter_mut().zip(values) {
                *number = f32::from(*value);
            }
            let (numbers, _) = S::as_simd_f32s(&numbers);
            let (block, _) = S::as_mut_simd_f32s(block);
            // Uses explicit vectors: the compiler turns a plain loop into a much slower scatter over rows.
            for ((block, number), scale) in block.iter_mut().zip(numbers).zip(scales) {
                *block = simd.mul_f32s(*number, *scale);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{instruction_sets, numbers};

    #[test]
    fn products_equal_those_of_the_expanded_weights() {
        let (inputs, outputs) = (256, 96);
        let values: Vec<i8> = numbers(1, inputs * outputs).iter().map(|x| (x * 127.0) as i8).collect();
        let scales = numbers(2, values.len() / GROUP);
        let bias = numbers(3, outputs);
        let matrix = Int8Matrix::new(&values, &scales, inputs, outputs).unwrap();
        for arch in instruction_sets() {
            for count in 1..=30 {
                let rows = numbers(count, count * inputs);
                let mut out = vec![f32::NAN; count * outputs];
                matrix.apply(arch, &rows, &bias, &mut out);
                for (at, out) in out.iter().enumerate() {
                    let (row, column) = (&rows[at / outputs * inputs..][..inputs], at % outputs);
                    let weight = |k: usize| {
                        f64::from(values[k * outputs + column]) * f64::from(scales[k / GROUP * outputs + column])
                    };
                    let sum: f64 = row.iter().enumerate().map(|(k, x)| f64::from(*x) * weight(k)).sum();
                    let differ = (f64::from(*out) - sum - f64::from(bias[column])).abs();
                    assert!(differ < 5e-3, "{arch:?}, {count} rows, number {at} differs by {differ} of {sum}");
                }
            }
        }
    }

    #[test]
    fn a_matrix_with_partial_blocks_is_not_supported() {
        for (inputs, outputs) in [(100, 32), (128, 40), (0, 32), (128, 0)] {
            assert!(!Int8Matrix::supports(inputs, outputs), "{inputs} by {outputs}");
        }
        assert!(Int8Matrix::new(&[0; 128 * 32], &[0.0; 127], 128, 32).is_none());
    }
}

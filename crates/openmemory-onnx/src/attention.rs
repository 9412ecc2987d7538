//! How is multi-head attention computed?

use pulp::{Simd, WithSimd};

use crate::tile::{COLUMNS, Rows, multiply};

/// Depth of one step of a product. Every depth is a multiple of it.
pub(crate) const STEP: usize = COLUMNS;

/// `softmax(query · keyᵀ) · value` for each head. Rows of all four matrices contain all heads. Head sizes are multiples
/// of 32. Run through `pulp::Arch::dispatch`.
pub(crate) struct Attend<'a> {
    pub(crate) query: &'a [f32],
    pub(crate) key: &'a [f32],
    pub(crate) value: &'a [f32],
    /// Must be all zeros.
    pub(crate) out: &'a mut [f32],
    pub(crate) width: usize,
    pub(crate) heads: usize,
}

impl WithSimd for Attend<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { query, key, value, out, width, heads } = self;
        let (tokens, size) = (query.len() / width, width / heads);
        let padded = tokens.next_multiple_of(COLUMNS);
        // The padding after the last token stays zero.
        let mut transposed = vec![0.0; size * padded];
        let mut block = vec![0.0; padded * COLUMNS];
        let mut weights = vec![0.0; tokens * padded];
        for first in (0..width).step_by(size) {
            for (token, key) in key.chunks_exact(width).enumerate() {
                let panel = &mut transposed[token / COLUMNS * size * COLUMNS..];
                for (line, number) in panel.chunks_exact_mut(COLUMNS).zip(&key[first..first + size]) {
                    line[token % COLUMNS] = *number;
                }
            }
            weights.fill(0.0);
            let queries = Rows { values: query, stride: width, count: tokens };
            for (panel, keys) in transposed.chunks_exact(size * COLUMNS).enumerate() {
                for (step, keys) in keys.chunks_exact(STEP * COLUMNS).enumerate() {
                    multiply::<S, STEP>(
                        simd,
                        queries,
                        first + step * STEP,
                        keys,
                        &mut weights,
                        padded,
                        panel * COLUMNS,
                    );
                }
            }
            for row in weights.chunks_exact_mut(padded) {
                row[tokens..].fill(f32::NEG_INFINITY);
                softmax(simd, row);
            }
            let weights = Rows { values: &weights, stride: padded, count: tokens };
            for column in (first..first + size).step_by(COLUMNS) {
                for (line, value) in block.chunks_exact_mut(COLUMNS).zip(value.chunks_exact(width)) {
                    line.copy_from_slice(&value[column..column + COLUMNS]);
                }
                for (step, values) in block.chunks_exact(STEP * COLUMNS).enumerate() {
                    multiply::<S, STEP>(simd, weights, step * STEP, values, out, width, column);
                }
            }
        }
    }
}

#[inline(always)]
fn softmax<S: Simd>(simd: S, row: &mut [f32]) {
    let (vectors, _) = S::as_simd_f32s(row);
    let max = vectors.iter().fold(simd.splat_f32s(f32::NEG_INFINITY), |max, vector| simd.max_f32s(max, *vector));
    let max = simd.reduce_max_f32s(max);
    row.iter_mut().for_each(|number| *number = exp(*number - max));
    let (vectors, _) = S::as_mut_simd_f32s(row);
    let sum = vectors.iter().fold(simd.splat_f32s(0.0), |sum, vector| simd.add_f32s(sum, *vector));
    let part = simd.splat_f32s(1.0 / simd.reduce_sum_f32s(sum));
    vectors.iter_mut().for_each(|vector| *vector = simd.mul_f32s(*vector, part));
}

/// e to the power of a non-positive number, accurate to 2 units in the last place; 0 below -87. As `expf` of Cephes: a
/// power of two times a polynomial of the remainder.
#[inline(always)]
fn exp(number: f32) -> f32 {
    // Adding this to a number rounds it to an integer in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    const TERMS: [f32; 6] = [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5];
    let clamped = number.max(-87.0);
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let power = shifted - ROUND;
    let remainder = clamped - power * LN_2[0] - power * LN_2[1];
    let terms = TERMS.iter().fold(0.0, |sum, term| sum * remainder + term);
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    if number < -87.0 { 0.0 } else { (terms * remainder * remainder + remainder + 1.0) * scale }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{instruction_sets, numbers};

    #[test]
    fn attention_agrees_with_its_definition() {
        for (heads, size, tokens) in [(3, 32, 1), (2, 32, 31), (2, 64, 32), (1, 32, 45)] {
            let width = heads * size;
            let [query, key, value] = [1, 2, 3].map(|seed| numbers(seed, tokens * width));
            for arch in instruction_sets() {
                let mut out = vec![0.0; tokens * width];
                arch.dispatch(Attend { query: &query, key: &key, value: &value, out: &mut out, width, heads });
                for (at, out) in out.iter().enumerate() {
                    let (token, column) = (at / width, at % width);
                    let head = column / size * size..(column / size + 1) * size;
                    let row = |of: &[f32], token: usize| of[token * width..][head.clone()].to_vec();
                    let score = |other| -> f32 {
                        row(&query, token).iter().zip(row(&key, other)).map(|(q, k)| q * k).sum::<f32>().exp()
                    };
                    let scores: Vec<f32> = (0..tokens).map(score).collect();
                    let mixed: f32 = (0..tokens).map(|other| scores[other] * value[other * width + column]).sum();
                    let right = mixed / scores.iter().sum::<f32>();
                    assert!((out - right).abs() < 1e-5, "{arch:?}, {tokens} tokens: {out} instead of {right}");
                }
            }
        }
    }

    #[test]
    fn exp_agrees_with_the_standard_library() {
        for step in 0..=87_000 {
            let number = -(step as f32) / 1000.0;
            let (ours, theirs) = (f64::from(exp(number)), f64::from(number).exp());
            assert!((ours / theirs - 1.0).abs() < 3e-7, "exp({number}) is {ours}, not {theirs}");
        }
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
    }
}

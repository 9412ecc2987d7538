//! How do the tokens of a text attend to each other?

use pulp::{Simd, WithSimd};

use crate::tile::{COLUMNS, Rows, multiply};

/// Depth of one step of a product: each is some blocks of 32 by 32.
pub(crate) const STEP: usize = COLUMNS;

/// `softmax(query · keyᵀ) · value` for each head, with rows of all heads in each of the four. The sizes of heads are
/// multiples of 32. Run through `pulp::Arch::dispatch`.
pub(crate) struct Attend<'a> {
    pub(crate) query: &'a [f32],
    pub(crate) key: &'a [f32],
    pub(crate) value: &'a [f32],
    /// All zeros.
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
        // What is beyond the last token stays zero.
        let mut turned = vec![0.0; size * padded];
        let mut block = vec![0.0; padded * COLUMNS];
        let mut shares = vec![0.0; tokens * padded];
        for first in (0..width).step_by(size) {
            for (token, key) in key.chunks_exact(width).enumerate() {
                let panel = &mut turned[token / COLUMNS * size * COLUMNS..];
                for (line, number) in panel.chunks_exact_mut(COLUMNS).zip(&key[first..first + size]) {
                    line[token % COLUMNS] = *number;
                }
            }
            shares.fill(0.0);
            let queries = Rows { values: query, stride: width, count: tokens };
            for (panel, keys) in turned.chunks_exact(size * COLUMNS).enumerate() {
                for (step, keys) in keys.chunks_exact(STEP * COLUMNS).enumerate() {
                    multiply::<S, STEP>(simd, queries, first + step * STEP, keys, &mut shares, padded, panel * COLUMNS);
                }
            }
            for row in shares.chunks_exact_mut(padded) {
                row[tokens..].fill(f32::NEG_INFINITY);
                softmax(simd, row);
            }
            let shares = Rows { values: &shares, stride: padded, count: tokens };
            for column in (first..first + size).step_by(COLUMNS) {
                for (line, value) in block.chunks_exact_mut(COLUMNS).zip(value.chunks_exact(width)) {
                    line.copy_from_slice(&value[column..column + COLUMNS]);
                }
                for (step, values) in block.chunks_exact(STEP * COLUMNS).enumerate() {
                    multiply::<S, STEP>(simd, shares, step * STEP, values, out, width, column);
                }
            }
        }
    }
}

#[inline(always)]
fn softmax<S: Simd>(simd: S, row: &mut [f32]) {
    let (vectors, _) = S::as_simd_f32s(row);
    let most = vectors.iter().fold(simd.splat_f32s(f32::NEG_INFINITY), |most, vector| simd.max_f32s(most, *vector));
    let most = simd.reduce_max_f32s(most);
    row.iter_mut().for_each(|number| *number = exp(*number - most));
    let (vectors, _) = S::as_mut_simd_f32s(row);
    let sum = vectors.iter().fold(simd.splat_f32s(0.0), |sum, vector| simd.add_f32s(sum, *vector));
    let part = simd.splat_f32s(1.0 / simd.reduce_sum_f32s(sum));
    vectors.iter_mut().for_each(|vector| *vector = simd.mul_f32s(*vector, part));
}

/// e to the power of a number that is not positive; right to 2 units in the last place, and 0 below -87. After `expf`
/// of Cephes: a power of two times a polynomial of what is left.
#[inline(always)]
fn exp(number: f32) -> f32 {
    // Added to a number it leaves whole ones in the lowest bits.
    const WHOLE: f32 = 12_582_912.0;
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    const TERMS: [f32; 6] = [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5];
    let clamped = number.max(-87.0);
    let shifted = clamped * std::f32::consts::LOG2_E + WHOLE;
    let power = shifted - WHOLE;
    let rest = clamped - power * LN_2[0] - power * LN_2[1];
    let terms = TERMS.iter().fold(0.0, |sum, term| sum * rest + term);
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    if number < -87.0 { 0.0 } else { (terms * rest * rest + rest + 1.0) * scale }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{instruction_sets, numbers};

    #[test]
    fn each_head_mixes_the_values_by_the_softmax_of_its_scores() {
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
    fn exp_is_that_of_the_standard_library() {
        for step in 0..=87_000 {
            let number = -(step as f32) / 1000.0;
            let (ours, theirs) = (f64::from(exp(number)), f64::from(number).exp());
            assert!((ours / theirs - 1.0).abs() < 3e-7, "exp({number}) is {ours}, not {theirs}");
        }
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
    }
}

//! How are matrices multiplied? The inner loop: a few rows times a block of 32 columns.

use pulp::Simd;

/// Columns per block.
pub(crate) const COLUMNS: usize = 32;

/// SIMD accumulators per row of a tile.
const VECTORS: usize = 2;

/// Rows of the left matrix, which start every `stride` numbers.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) stride: usize,
    pub(crate) count: usize,
}

/// Multiplies `DEPTH` numbers of each row, starting at `from`, with the block, and adds the products to the 32 columns
/// of `out` that start at `column`: `out[row, column + c] += sum over d of rows[row, from + d] * block[d, c]`.
#[inline(always)]
pub(crate) fn multiply<S: Simd, const DEPTH: usize>(
    simd: S,
    rows: Rows<'_>,
    from: usize,
    block: &[f32],
    out: &mut [f32],
    width: usize,
    column: usize,
) {
    // As many accumulators as there are registers: 32, or 16 with eight numbers per register (AVX2).
    let most = if S::F32_LANES == 8 { 6 } else { 12 };
    let tiles = rows.count.div_ceil(most);
    let mut done = 0;
    for left in (1..=tiles).rev() {
        let height = (rows.count - done) / left;
        let tile = Tile { values: &rows.values[done * rows.stride + from..], stride: rows.stride, block };
        let out = &mut out[done * width + column..];
        match height {
            1 => tile.multiply::<S, DEPTH, 1>(simd, out, width),
            2 => tile.multiply::<S, DEPTH, 2>(simd, out, width),
            3 => tile.multiply::<S, DEPTH, 3>(simd, out, width),
            4 => tile.multiply::<S, DEPTH, 4>(simd, out, width),
            5 => tile.multiply::<S, DEPTH, 5>(simd, out, width),
            6 => tile.multiply::<S, DEPTH, 6>(simd, out, width),
            7 => tile.multiply::<S, DEPTH, 7>(simd, out, width),
            8 => tile.multiply::<S, DEPTH, 8>(simd, out, width),
            9 => tile.multiply::<S, DEPTH, 9>(simd, out, width),
            10 => tile.multiply::<S, DEPTH, 10>(simd, out, width),
            11 => tile.multiply::<S, DEPTH, 11>(simd, out, width),
            _ => tile.multiply::<S, DEPTH, 12>(simd, out, width),
        }
        done += height;
    }
}

struct Tile<'a> {
    values: &'a [f32],
    stride: usize,
    block: &'a [f32],
}

impl Tile<'_> {
    #[inline(always)]
    fn multiply<S: Simd, const DEPTH: usize, const HEIGHT: usize>(self, simd: S, out: &mut [f32], width: usize) {
        // Arrays instead of slices avoid bounds checks.
        let mut rows = [&[0.0; DEPTH]; HEIGHT];
        for (row, values) in rows.iter_mut().zip(self.values.chunks(self.stride)) {
            *row = values.first_chunk().unwrap_or(row);
        }
        let per_line = COLUMNS / S::F32_LANES;
        let (block, _) = S::as_simd_f32s(&self.block[..DEPTH * COLUMNS]);
        for first in (0..per_line).step_by(VECTORS) {
            let mut sums = [[simd.splat_f32s(0.0); VECTORS]; HEIGHT];
            for (depth, line) in block.chunks_exact(per_line).enumerate() {
                for (row, sums) in rows.iter().zip(&mut sums) {
                    let value = simd.splat_f32s(row[depth]);
                    for (sum, weights) in sums.iter_mut().zip(&line[first..]) {
                        *sum = simd.mul_add_e_f32s(value, *weights, *sum);
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                let (out, _) = S::as_mut_simd_f32s(&mut out[row * width..][..COLUMNS]);
                for (out, sum) in out[first..].iter_mut().zip(sums) {
                    *out = simd.add_f32s(*out, *sum);
                }
            }
        }
    }
}

//! Which vectors are roughly near another one? Those with mostly the same signs: the share of differing signs grows
//! with the angle between two vectors (Charikar, Similarity Estimation Techniques from Rounding Algorithms, 2002).
//!
//! The signs take an eighth of the bytes of a vector, so comparing all of them is cheap.

use pulp::NullaryFnOnce;

use super::parallel::{RemainingBlocks, parallel_blocks};
use super::prefetch::prefetch;

/// At most one in this many rows is compared exactly, but at least the minimum.
const MAX_CANDIDATE_SHARE: usize = 64;
const MIN_CANDIDATES: usize = 256;

/// Rows are sketched a block at a time. The rows after the last full block have no sketches and are all compared.
pub(super) const BLOCK: usize = 256;

/// Blocks that a thread takes at a time.
const BLOCKS_PER_PART: usize = 8;

/// Dimensions per byte of a sketch.
pub(super) const SIGNS_PER_BYTE: usize = 8;

/// Interleaved rows: as many as the widest instruction compares.
const LANES: usize = 64;

/// The most bytes whose differing signs a byte can count.
const MAX_COUNTED_BYTES: usize = 31;

/// One sign bit per dimension.
pub(super) fn sketch(vector: &[f32]) -> impl ExactSizeIterator<Item = u8> {
    let byte = |part: &[f32]| part.iter().rfold(0, |bits, x| bits << 1 | u8::from(*x >= 0.0));
    vector.chunks(SIGNS_PER_BYTE).map(byte)
}

/// The most signs that may differ if the cosine is at least `cosine`: three standard deviations above the expected
/// number, which misses one in a thousand vectors at exactly that cosine.
pub(super) fn max_differences(dimensions: usize, cosine: f32) -> u16 {
    let share = cosine.clamp(-1.0, 1.0).acos() / std::f32::consts::PI;
    let signs = dimensions as f32;
    (signs * share + 3.0 * (signs * share * (1.0 - share)).sqrt()) as u16
}

/// The sketches of all rows in full blocks.
#[derive(Default)]
pub(super) struct Sketches {
    /// Per group of [`LANES`] rows the first byte of each row, then the second byte of each, and so on.
    blocks: Vec<Vec<[u8; LANES]>>,
}

impl Sketches {
    /// The number of rows with a sketch.
    pub(super) fn rows(&self) -> usize {
        self.blocks.len() * BLOCK
    }

    /// Adds the sketches of a block of rows.
    pub(super) fn push<S: ExactSizeIterator<Item = u8>>(&mut self, rows: impl Iterator<Item = S>) {
        let before = self.rows();
        self.blocks.push(Vec::new());
        rows.enumerate().for_each(|(at, row)| self.set(before + at, row));
    }

    /// Removes the last block.
    pub(super) fn pop(&mut self) {
        self.blocks.pop();
    }

    /// Replaces the sketch of a row.
    pub(super) fn set(&mut self, row: usize, sketch: impl ExactSizeIterator<Item = u8>) {
        let (block, bytes) = (&mut self.blocks[row / BLOCK], sketch.len());
        block.resize(BLOCK / LANES * bytes, [0; LANES]);
        let first = row % BLOCK / LANES * bytes;
        for (lanes, byte) in block[first..].iter_mut().zip(sketch) {
            lanes[row % LANES] = byte;
        }
    }

    /// The rows with the fewest differing signs, at most `max_differences` each, in rising order.
    pub(super) fn nearest(&self, arch: pulp::Arch, sketch: &[u8], max_differences: u16) -> Vec<usize> {
        let scan = |parts: RemainingBlocks<'_>, near: &mut Vec<(u16, usize)>| {
            let mut differences = [[0; LANES]; BLOCK / LANES];
            for block in
                parts.flat_map(|part| part * BLOCKS_PER_PART..self.blocks.len().min((part + 1) * BLOCKS_PER_PART))
            {
                // Prefetched while this block is compared.
                self.blocks.get(block + 1).into_iter().flatten().for_each(prefetch);
                arch.dispatch(Compare { block: &self.blocks[block], sketch, differences: &mut differences });
                let rows = differences.as_flattened().iter().copied().zip(block * BLOCK..);
                near.extend(rows.filter(|(difference, _)| *difference <= max_differences));
            }
        };
        let mut near = Vec::new();
        let others = parallel_blocks(
            self.rows(),
            BLOCKS_PER_PART * BLOCK,
            |parts| scan(parts, &mut near),
            |parts| {
                let mut near = Vec::new();
                scan(parts, &mut near);
                near
            },
        );
        near.extend(others.into_iter().flatten());
        smallest(near, (self.rows() / MAX_CANDIDATE_SHARE).max(MIN_CANDIDATES))
    }

    /// Allocated bytes.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.capacity() * LANES).sum()
    }
}

/// Counts the differing signs of each row of a block. Run through `pulp::Arch::dispatch`.
struct Compare<'a> {
    block: &'a [[u8; LANES]],
    sketch: &'a [u8],
    differences: &'a mut [[u16; LANES]; BLOCK / LANES],
}

impl NullaryFnOnce for Compare<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (differences, rows) in self.differences.iter_mut().zip(self.block.chunks_exact(self.sketch.len().max(1))) {
            *differences = count(rows, self.sketch);
        }
    }
}

/// The number of differing signs of each of the interleaved rows.
#[inline(always)]
fn count(rows: &[[u8; LANES]], sketch: &[u8]) -> [u16; LANES] {
    let mut differences = [0; LANES];
    for (bytes, sketch) in rows.chunks(MAX_COUNTED_BYTES).zip(sketch.chunks(MAX_COUNTED_BYTES)) {
        let mut counts = [0u8; LANES];
        for (bytes, sketch) in bytes.iter().zip(sketch) {
            for (count, byte) in counts.iter_mut().zip(bytes) {
                *count += (byte ^ sketch).count_ones() as u8;
            }
        }
        for (difference, count) in differences.iter_mut().zip(counts) {
            *difference += u16::from(count);
        }
    }
    differences
}

/// The rows with the `take` smallest differences, in rising order.
fn smallest(mut near: Vec<(u16, usize)>, take: usize) -> Vec<usize> {
    if near.len() > take {
        near.select_nth_unstable(take - 1);
        near.truncate(take);
    }
    let mut rows: Vec<usize> = near.into_iter().map(|(_, row)| row).collect();
    rows.sort_unstable();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: u16 = u16::MAX;

    /// A distinct sketch of 40 bytes for each number.
    fn row(number: usize) -> [u8; 40] {
        let bits = |byte| (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(byte as u32 * 20);
        std::array::from_fn(|byte| (bits(byte) ^ (byte as u64 * 37)) as u8)
    }

    fn differing_in(a: &[u8], b: &[u8]) -> u16 {
        a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones() as u16).sum()
    }

    fn of(rows: &[[u8; 40]]) -> Sketches {
        let mut sketches = Sketches::default();
        rows.chunks_exact(BLOCK).for_each(|block| sketches.push(block.iter().map(|row| row.iter().copied())));
        sketches
    }

    #[test]
    fn a_sketch_has_the_signs_of_its_vector() {
        let vector: Vec<f32> = (0..70).map(|i| if i % 3 == 0 { 1.0 } else { -0.1 }).collect();
        let sketch: Vec<u8> = sketch(&vector).collect();
        assert_eq!(sketch.len(), 9);
        for (i, x) in vector.iter().enumerate() {
            assert_eq!(sketch[i / SIGNS_PER_BYTE] >> (i % SIGNS_PER_BYTE) & 1 == 1, *x > 0.0, "dimension {i}");
        }
    }

    #[test]
    fn the_most_similar_rows_are_found_after_changes() {
        let mut rows: Vec<[u8; 40]> = (0..3 * BLOCK).map(row).collect();
        let mut sketches = of(&rows);
        for index in (0..2 * BLOCK).step_by(7) {
            rows[index] = row(index + 4000);
            sketches.set(index, rows[index].into_iter());
        }
        sketches.pop();
        rows.truncate(sketches.rows());
        let wanted = row(1234);
        let found = sketches.nearest(pulp::Arch::new(), &wanted, ANY);
        assert_eq!(found.len(), MIN_CANDIDATES);
        assert!(found.is_sorted());
        let mut all: Vec<u16> = rows.iter().map(|row| differing_in(row, &wanted)).collect();
        let mut found: Vec<u16> = found.into_iter().map(|index| all[index]).collect();
        all.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, all[..MIN_CANDIDATES]);
    }

    #[test]
    fn every_sign_of_a_row_counts() {
        let opposite = [[0xFF; 40]; BLOCK];
        let sketches = of(&opposite);
        let wanted = [0; 40];
        assert_eq!(sketches.nearest(pulp::Arch::new(), &wanted, 320).len(), BLOCK);
        assert!(sketches.nearest(pulp::Arch::new(), &wanted, 319).is_empty(), "too many signs differ");
    }

    #[test]
    fn several_threads_find_the_same_rows_as_one() {
        let rows: Vec<[u8; 40]> = (0..300 * BLOCK).map(row).collect();
        let wanted = row(77);
        let found = of(&rows).nearest(pulp::Arch::new(), &wanted, 110);
        let near = |index: &usize| differing_in(&rows[*index], &wanted) <= 110;
        assert!(found.len() > 1);
        assert!(found.into_iter().eq((0..rows.len()).filter(near)));
    }

    #[test]
    fn at_most_one_in_64_rows_is_a_candidate() {
        let opposite = vec![row(5); 70 * BLOCK];
        let found = of(&opposite).nearest(pulp::Arch::new(), &row(6), ANY);
        assert!(found.into_iter().eq(0..70 * BLOCK / MAX_CANDIDATE_SHARE), "all are equally near");
        assert_eq!(smallest(vec![(3, 0), (1, 1), (2, 2)], 2), [1, 2]);
        assert!(smallest(Vec::new(), MIN_CANDIDATES).is_empty());
    }

    #[test]
    fn the_allowed_differences_follow_from_the_cosine() {
        assert_eq!(max_differences(384, 1.0), 0);
        assert_eq!(max_differences(384, 0.6), 140, "113.3 and three times 8.9");
        assert_eq!(max_differences(384, 0.0), 221, "192 and three times 9.8");
    }
}

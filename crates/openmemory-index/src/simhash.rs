//! Which vectors are near another one, roughly? Those whose dimensions mostly have its signs: the share of signs in which two
//! vectors differ grows with the angle between them (Charikar, Similarity Estimation Techniques from Rounding Algorithms,
//! 2002).
//!
//! The signs are an eighth of the bytes of a vector: to look at all of them takes little, however many there are.

use pulp::NullaryFnOnce;

use super::parallel::{Left, share};
use super::prefetch::fetch;

/// Rows that are looked at by their bytes: one in so many at most, where these are more than the least number.
const MAX_CANDIDATE_SHARE: usize = 64;
const LEAST: usize = 256;

/// Rows that get their sketches together. Those after the last such block have none and are all looked at.
pub(super) const BLOCK: usize = 256;

/// Blocks that one processor compares in a row.
const PART: usize = 8;

/// Dimensions whose signs make a byte.
pub(super) const SIGNS: usize = 8;

/// Rows whose bytes lie together, as many as one instruction compares at most.
const LANES: usize = 64;

/// Bytes in which so few signs can differ that a byte can count them.
const COUNTED: usize = 31;

/// The signs of a vector, a bit for each dimension.
pub(super) fn sketch(vector: &[f32]) -> impl ExactSizeIterator<Item = u8> {
    let byte = |part: &[f32]| part.iter().rfold(0, |bits, x| bits << 1 | u8::from(*x >= 0.0));
    vector.chunks(SIGNS).map(byte)
}

/// How many signs of vectors of so many dimensions differ at most, if their cosine is `cosine` or more: three standard
/// deviations more than are expected, which leaves out one in a thousand of those whose cosine is just that.
pub(super) fn differing(dimensions: usize, cosine: f32) -> u16 {
    let share = cosine.clamp(-1.0, 1.0).acos() / std::f32::consts::PI;
    let signs = dimensions as f32;
    (signs * share + 3.0 * (signs * share * (1.0 - share)).sqrt()) as u16
}

/// The signs of all rows that lie in full blocks.
#[derive(Default)]
pub(super) struct Sketches {
    /// Of the first rows of a block their first bytes, their second bytes, and so on; then those of the next rows.
    blocks: Vec<Vec<[u8; LANES]>>,
}

impl Sketches {
    /// Rows that have a sketch.
    pub(super) fn rows(&self) -> usize {
        self.blocks.len() * BLOCK
    }

    /// Adds the sketches of a block of rows.
    pub(super) fn push<S: ExactSizeIterator<Item = u8>>(&mut self, rows: impl Iterator<Item = S>) {
        let before = self.rows();
        self.blocks.push(Vec::new());
        rows.enumerate().for_each(|(at, row)| self.set(before + at, row));
    }

    /// Forgets the last block.
    pub(super) fn pop(&mut self) {
        self.blocks.pop();
    }

    /// Notes what the sketch of a row of a block is now.
    pub(super) fn set(&mut self, row: usize, sketch: impl ExactSizeIterator<Item = u8>) {
        let (block, bytes) = (&mut self.blocks[row / BLOCK], sketch.len());
        block.resize(BLOCK / LANES * bytes, [0; LANES]);
        let first = row % BLOCK / LANES * bytes;
        for (lanes, byte) in block[first..].iter_mut().zip(sketch) {
            lanes[row % LANES] = byte;
        }
    }

    /// The rows that differ least from a sketch, in rising order, none of them in more than `most` signs.
    pub(super) fn nearest(&self, arch: pulp::Arch, sketch: &[u8], most: u16) -> Vec<usize> {
        let scan = |parts: Left<'_>, near: &mut Vec<(u16, usize)>| {
            let mut differences = [[0; LANES]; BLOCK / LANES];
            for block in parts.flat_map(|part| part * PART..self.blocks.len().min((part + 1) * PART)) {
                // It is on its way while this one is compared.
                self.blocks.get(block + 1).into_iter().flatten().for_each(fetch);
                arch.dispatch(Compare { block: &self.blocks[block], sketch, differences: &mut differences });
                let rows = differences.as_flattened().iter().copied().zip(block * BLOCK..);
                near.extend(rows.filter(|(difference, _)| *difference <= most));
            }
        };
        let mut near = Vec::new();
        let others = share(
            self.rows(),
            PART * BLOCK,
            |parts| scan(parts, &mut near),
            |parts| {
                let mut near = Vec::new();
                scan(parts, &mut near);
                near
            },
        );
        near.extend(others.into_iter().flatten());
        least(near, (self.rows() / MAX_CANDIDATE_SHARE).max(LEAST))
    }

    /// Allocated bytes.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.capacity() * LANES).sum()
    }
}

/// Counts how many signs of each row of a block differ from a sketch. Run through `pulp::Arch::dispatch`.
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

/// How many signs of each of a few rows differ from a sketch.
#[inline(always)]
fn count(rows: &[[u8; LANES]], sketch: &[u8]) -> [u16; LANES] {
    let mut differences = [0; LANES];
    for (bytes, sketch) in rows.chunks(COUNTED).zip(sketch.chunks(COUNTED)) {
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

/// The rows of the `take` least differences, in rising order.
fn least(mut near: Vec<(u16, usize)>, take: usize) -> Vec<usize> {
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

    /// A sketch of 40 bytes that no other number has.
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
    fn a_sketch_has_the_signs_of_a_vector() {
        let vector: Vec<f32> = (0..70).map(|i| if i % 3 == 0 { 1.0 } else { -0.1 }).collect();
        let sketch: Vec<u8> = sketch(&vector).collect();
        assert_eq!(sketch.len(), 9);
        for (i, x) in vector.iter().enumerate() {
            assert_eq!(sketch[i / SIGNS] >> (i % SIGNS) & 1 == 1, *x > 0.0, "dimension {i}");
        }
    }

    #[test]
    fn those_that_differ_least_are_found_after_changes() {
        let mut rows: Vec<[u8; 40]> = (0..3 * BLOCK).map(row).collect();
        let mut sketches = of(&rows);
        for place in (0..2 * BLOCK).step_by(7) {
            rows[place] = row(place + 4000);
            sketches.set(place, rows[place].into_iter());
        }
        sketches.pop();
        rows.truncate(sketches.rows());
        let wanted = row(1234);
        let found = sketches.nearest(pulp::Arch::new(), &wanted, ANY);
        assert_eq!(found.len(), LEAST);
        assert!(found.is_sorted());
        let mut all: Vec<u16> = rows.iter().map(|row| differing_in(row, &wanted)).collect();
        let mut found: Vec<u16> = found.into_iter().map(|place| all[place]).collect();
        all.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, all[..LEAST]);
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
    fn many_are_found_by_several_threads_as_by_one() {
        let rows: Vec<[u8; 40]> = (0..300 * BLOCK).map(row).collect();
        let wanted = row(77);
        let found = of(&rows).nearest(pulp::Arch::new(), &wanted, 110);
        let near = |place: &usize| differing_in(&rows[*place], &wanted) <= 110;
        assert!(found.len() > 1);
        assert!(found.into_iter().eq((0..rows.len()).filter(near)));
    }

    #[test]
    fn one_in_64_is_taken_where_there_are_many() {
        let opposite = vec![row(5); 70 * BLOCK];
        let found = of(&opposite).nearest(pulp::Arch::new(), &row(6), ANY);
        assert!(found.into_iter().eq(0..70 * BLOCK / MAX_CANDIDATE_SHARE), "all are equally near");
        assert_eq!(least(vec![(3, 0), (1, 1), (2, 2)], 2), [1, 2]);
        assert!(least(Vec::new(), LEAST).is_empty());
    }

    #[test]
    fn the_signs_that_may_differ_follow_from_the_cosine() {
        assert_eq!(differing(384, 1.0), 0);
        assert_eq!(differing(384, 0.6), 140, "113.3 and three times 8.9");
        assert_eq!(differing(384, 0.0), 221, "192 and three times 9.8");
    }
}

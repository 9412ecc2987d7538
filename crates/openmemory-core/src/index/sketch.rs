//! Which vectors are near another one, roughly? Those whose dimensions mostly have its signs: the share of signs in which two
//! vectors differ grows with the angle between them (Charikar, Similarity Estimation Techniques from Rounding Algorithms,
//! 2002).
//!
//! The signs are an eighth of the bytes of a vector: to look at all of them takes little, however many there are.

use pulp::NullaryFnOnce;

/// Rows that are looked at by their bytes: one in so many, and no fewer than these.
const ONE_IN: usize = 64;
const LEAST: usize = 256;

/// Rows that get their sketches together. Those after the last such block have none and are all looked at.
pub(super) const BLOCK: usize = 256;

/// Signs of a word.
pub(super) const WORD: usize = 64;

/// The signs of a vector, a bit for each dimension.
pub(super) fn sketch(vector: &[f32]) -> impl ExactSizeIterator<Item = u64> {
    let word = |part: &[f32]| part.iter().rfold(0, |bits, x| bits << 1 | u64::from(*x >= 0.0));
    vector.chunks(WORD).map(word)
}

/// The signs of all rows that lie in full blocks.
#[derive(Default)]
pub(super) struct Sketches {
    /// The first words of all rows of a block, their second words, and so on: so one instruction compares many rows.
    blocks: Vec<Vec<u64>>,
}

impl Sketches {
    /// Rows that have a sketch.
    pub(super) fn rows(&self) -> usize {
        self.blocks.len() * BLOCK
    }

    /// Adds the sketches of a block of rows.
    pub(super) fn push<S: ExactSizeIterator<Item = u64>>(&mut self, rows: impl Iterator<Item = S>) {
        let before = self.rows();
        self.blocks.push(Vec::new());
        rows.enumerate().for_each(|(at, row)| self.set(before + at, row));
    }

    /// Forgets the last block.
    pub(super) fn pop(&mut self) {
        self.blocks.pop();
    }

    /// Notes what the sketch of a row of a block is now.
    pub(super) fn set(&mut self, row: usize, sketch: impl ExactSizeIterator<Item = u64>) {
        let block = &mut self.blocks[row / BLOCK];
        block.resize(sketch.len() * BLOCK, 0);
        for (words, word) in block.chunks_exact_mut(BLOCK).zip(sketch) {
            words[row % BLOCK] = word;
        }
    }

    /// The rows that differ least from a sketch, in rising order.
    pub(super) fn nearest(&self, arch: pulp::Arch, sketch: &[u64]) -> Vec<usize> {
        let mut differences = vec![0; self.rows()];
        for (block, differences) in self.blocks.iter().zip(differences.chunks_exact_mut(BLOCK)) {
            arch.dispatch(Compare { block, sketch, differences });
        }
        least(&differences, WORD * sketch.len())
    }

    /// Allocated bytes.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.capacity() * size_of::<u64>()).sum()
    }
}

/// Counts how many signs of each row of a block differ from a sketch. Run through `pulp::Arch::dispatch`.
struct Compare<'a> {
    block: &'a [u64],
    sketch: &'a [u64],
    differences: &'a mut [u16],
}

impl NullaryFnOnce for Compare<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (words, sketch) in self.block.chunks_exact(BLOCK).zip(self.sketch) {
            for (differences, word) in self.differences.iter_mut().zip(words) {
                *differences += (word ^ sketch).count_ones() as u16;
            }
        }
    }
}

/// The places of the least differences, none of which is over `most`.
fn least(differences: &[u16], most: usize) -> Vec<usize> {
    let take = (differences.len() / ONE_IN).max(LEAST);
    let (limit, mut at_limit) = limit(differences, most, take);
    let mut near = |difference: u16| {
        // One comparison disposes of nearly all.
        if difference > limit {
            return false;
        }
        let last = difference == limit && at_limit > 0;
        at_limit -= usize::from(last);
        difference < limit || last
    };
    differences.iter().enumerate().filter(|(_, difference)| near(**difference)).map(|(place, _)| place).collect()
}

/// Below which difference all of the `take` least are, and how many of those that differ so much.
fn limit(differences: &[u16], most: usize, take: usize) -> (u16, usize) {
    let mut counts = vec![0usize; most + 1];
    differences.iter().for_each(|difference| counts[usize::from(*difference)] += 1);
    let mut left = take;
    for (difference, count) in counts.into_iter().enumerate() {
        if count > left {
            return (difference as u16, left);
        }
        left -= count;
    }
    (u16::MAX, left)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sketch of three words that no other number has.
    fn row(number: usize) -> [u64; 3] {
        [0, 1, 2].map(|word| (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(word * 20))
    }

    fn differing(a: &[u64], b: &[u64]) -> usize {
        a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones() as usize).sum()
    }

    #[test]
    fn a_sketch_has_the_signs_of_a_vector() {
        let vector: Vec<f32> = (0..70).map(|i| if i % 3 == 0 { 1.0 } else { -0.1 }).collect();
        let sketch: Vec<u64> = sketch(&vector).collect();
        assert_eq!(sketch.len(), 2);
        for (i, x) in vector.iter().enumerate() {
            assert_eq!(sketch[i / WORD] >> (i % WORD) & 1 == 1, *x > 0.0, "dimension {i}");
        }
    }

    #[test]
    fn those_that_differ_least_are_found_after_changes() {
        let mut rows: Vec<[u64; 3]> = (0..3 * BLOCK).map(row).collect();
        let mut sketches = Sketches::default();
        rows.chunks(BLOCK).for_each(|block| sketches.push(block.iter().map(|row| row.iter().copied())));
        for place in (0..2 * BLOCK).step_by(7) {
            rows[place] = row(place + 4000);
            sketches.set(place, rows[place].into_iter());
        }
        sketches.pop();
        rows.truncate(sketches.rows());
        let wanted = row(1234);
        let found = sketches.nearest(pulp::Arch::new(), &wanted);
        assert_eq!(found.len(), LEAST);
        assert!(found.is_sorted());
        let mut all: Vec<usize> = rows.iter().map(|row| differing(row, &wanted)).collect();
        let mut found: Vec<usize> = found.into_iter().map(|place| all[place]).collect();
        all.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, all[..LEAST]);
    }

    #[test]
    fn one_in_64_is_taken_where_there_are_many() {
        assert_eq!(least(&vec![5; 64 * 1000], 64).len(), 1000, "all are equally near");
        assert_eq!(least(&[3, 1, 2], 64), [0, 1, 2]);
        assert!(least(&[], 64).is_empty());
    }
}

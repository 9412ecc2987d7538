//! Which vectors are near another one, roughly? Those whose dimensions mostly have its signs: the share of signs in which two
//! vectors differ grows with the angle between them (Charikar, Similarity Estimation Techniques from Rounding Algorithms,
//! 2002).
//!
//! A sketch is an eighth of the bytes of a vector: to look at all of them takes little, however many there are.

use pulp::NullaryFnOnce;

/// Rows that are looked at by their bytes: one in so many, and no fewer than these.
const ONE_IN: usize = 64;
const LEAST: usize = 256;

pub(super) fn words(dimensions: usize) -> usize {
    dimensions.div_ceil(64)
}

/// The signs of a vector, a bit for each dimension.
pub(super) fn sketch(vector: &[f32]) -> impl Iterator<Item = u64> {
    let word = |dimensions: &[f32]| dimensions.iter().rfold(0, |bits, x| bits << 1 | u64::from(*x >= 0.0));
    vector.chunks(64).map(word)
}

/// How many signs of each row differ from a sketch. Run through `pulp::Arch::dispatch`.
pub(super) struct Differences<'a> {
    /// One after the other.
    pub(super) rows: &'a [u64],
    pub(super) sketch: &'a [u64],
    pub(super) found: &'a mut Vec<u16>,
}

impl NullaryFnOnce for Differences<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.rows.chunks_exact(self.sketch.len().max(1)) {
            let differences: u32 = row.iter().zip(self.sketch).map(|(a, b)| (a ^ b).count_ones()).sum();
            self.found.push(differences as u16);
        }
    }
}

/// The places of the rows that differ least, in rising order.
pub(super) fn nearest(differences: &[u16]) -> impl Iterator<Item = usize> {
    let take = (differences.len() / ONE_IN).max(LEAST);
    let (limit, mut at_limit) = limit(differences, take);
    let mut near = move |difference: u16| {
        let last = difference == limit && at_limit > 0;
        at_limit -= usize::from(last);
        difference < limit || last
    };
    differences.iter().enumerate().filter(move |(_, difference)| near(**difference)).map(|(place, _)| place)
}

/// Below which difference all of the `take` least are, and how many of those that differ so much.
fn limit(differences: &[u16], take: usize) -> (u16, usize) {
    let mut counts = vec![0usize; differences.iter().max().map_or(0, |most| usize::from(*most) + 1)];
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

    #[test]
    fn a_sketch_has_the_signs_of_a_vector() {
        let vector: Vec<f32> = (0..70).map(|i| if i % 3 == 0 { 1.0 } else { -0.1 }).collect();
        let sketch: Vec<u64> = sketch(&vector).collect();
        assert_eq!(sketch.len(), words(70));
        for (i, x) in vector.iter().enumerate() {
            assert_eq!(sketch[i / 64] >> (i % 64) & 1 == 1, *x > 0.0, "dimension {i}");
        }
        let mut found = Vec::new();
        let other = [sketch[0] ^ 0b101, sketch[1] ^ 1 << 5, sketch[0], sketch[1]];
        Differences { rows: &other, sketch: &sketch, found: &mut found }.call();
        assert_eq!(found, [3, 0]);
    }

    #[test]
    fn those_that_differ_least_are_taken_and_no_more() {
        let differences: Vec<u16> = (0..1000).map(|i| (i * 7 % 1000 / 10) as u16).collect();
        let mut taken: Vec<u16> = nearest(&differences).map(|place| differences[place]).collect();
        assert_eq!(taken.len(), LEAST);
        taken.sort_unstable();
        let mut all = differences.clone();
        all.sort_unstable();
        assert_eq!(taken, all[..LEAST]);
        assert_eq!(nearest(&vec![5; 64 * 1000]).count(), 1000, "all are equally near");
        assert_eq!(nearest(&[3, 1, 2]).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(nearest(&[]).count(), 0);
    }
}

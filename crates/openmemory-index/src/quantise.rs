//! How are the bytes of vectors split?
//!
//! A byte is split into two nibbles, c = 16 · high + low, each −8 to 7 and stored as 0 to 15. The high nibbles, half of
//! the data, already show that most rows are too far away to need an exact comparison: by the Cauchy–Schwarz inequality
//! the low nibbles add at most the product of their length and the query's.

use super::SectorMask;
use super::simhash;
use openmemory_domain::Vector;
use openmemory_domain::vector::dot;

/// Added to a byte before it is split: 8 for each nibble.
const BIAS: i32 = 8 * 16 + 8;
/// The largest magnitude of a low nibble.
const MAX_LOW: f32 = 8.0;
/// The resolution of [`Row::residual`].
const RESIDUAL_STEPS: f32 = 31.0;

/// The metadata of a vector.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) slot: u32,
    /// The real value of one quantisation step.
    pub(super) scale: f32,
    pub(super) mask: SectorMask,
    /// The root mean square of the low nibbles in 31sts, rounded up.
    pub(super) residual: u8,
}

impl Row {
    /// Whether it is a vector. A memory that has none, because it was not to be embedded or its model had nothing to say, has
    /// a row of zeros.
    pub(super) fn has_direction(&self) -> bool {
        self.scale != 0.0
    }
}

/// The nibbles of a row. Each byte has those of two dimensions, the first in its lower four bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nibbles<'a> {
    pub(super) high: &'a [u8],
    pub(super) low: &'a [u8],
}

impl Nibbles<'_> {
    /// The row's numbers in steps, two at a time. The second one of the last pair is 0 if their number is odd.
    pub(super) fn steps(self) -> impl Iterator<Item = [i32; 2]> {
        let whole = |high: u8, low: u8| i32::from(high << 4 | low) - BIAS;
        self.high.iter().zip(self.low).map(move |(high, low)| [whole(high & 15, low & 15), whole(high >> 4, low >> 4)])
    }

    /// The [`simhash::sketch`] of the row.
    pub(super) fn sketch(self) -> impl ExactSizeIterator<Item = u8> {
        // The highest bit of a nibble is set for values from 0 up.
        let byte = |pairs: &[u8]| pairs.iter().rfold(0, |byte, pair| byte << 2 | pair >> 6 & 2 | pair >> 3 & 1);
        self.high.chunks(simhash::SIGNS_PER_BYTE / 2).map(byte)
    }
}

/// The quantised vectors of one memory, prepared without a lock.
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    high: Vec<u8>,
    low: Vec<u8>,
}

impl Batch {
    pub(super) fn new(vectors: &[(&Vector, SectorMask)]) -> Self {
        let bytes = vectors.iter().map(|(vector, _)| width(vector.dimensions())).sum();
        let rows = Vec::with_capacity(vectors.len());
        let mut batch = Self { rows, high: Vec::with_capacity(bytes), low: Vec::with_capacity(bytes) };
        let mut stored = Vec::new();
        for &(vector, mask) in vectors {
            stored.clear();
            stored.extend(vector.steps().iter().map(|steps| steps.wrapping_add(BIAS as i8).cast_unsigned()));
            let squares: i32 = stored.iter().map(|stored| (i32::from(stored & 15) - 8).pow(2)).sum();
            let residual = (squares as f32 / vector.dimensions().max(1) as f32).sqrt();
            let residual = (residual * RESIDUAL_STEPS).ceil() as u8;
            batch.rows.push(Row { slot: 0, scale: vector.scale(), mask, residual });
            if vector.dimensions() % 2 == 1 {
                stored.push(BIAS as u8);
            }
            let (pairs, _) = stored.as_chunks();
            batch.high.extend(pairs.iter().map(|[first, second]| first >> 4 | second & 0xF0));
            batch.low.extend(pairs.iter().map(|[first, second]| first & 15 | second << 4));
        }
        batch
    }

    /// Each row with its bytes.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&Row, Nibbles<'_>)> {
        let width = (self.high.len() / self.rows.len().max(1)).max(1);
        let nibbles = self.high.chunks_exact(width).zip(self.low.chunks_exact(width));
        self.rows.iter().zip(nibbles.map(|(high, low)| Nibbles { high, low }))
    }
}

/// The values of a query, split into the first and second dimensions of each pair.
pub(super) struct Pairs<T> {
    pub(super) first: Vec<T>,
    pub(super) second: Vec<T>,
}

impl<T: Copy + Default> Pairs<T> {
    fn new(numbers: impl Iterator<Item = T>) -> Self {
        let mut pairs = Self { first: Vec::new(), second: Vec::new() };
        for (at, number) in numbers.enumerate() {
            if at % 2 == 0 { &mut pairs.first } else { &mut pairs.second }.push(number);
        }
        pairs.second.resize(pairs.first.len(), T::default());
        pairs
    }
}

/// A quantised query.
pub(super) struct QueryVector {
    /// 16 bits, so that only the quantisation of the rows matters.
    pub(super) fine: Pairs<i16>,
    /// 8 bits, like the rows.
    pub(super) rough: Pairs<i8>,
    pub(super) sketch: Vec<u8>,
    /// The real value of one step of `fine`.
    scale: f32,
    /// Subtracted from a product of `fine`.
    fine_bias: i32,
    bound: UpperBound,
    /// Stands for the cosine with a row without a direction, or with any if the query has none.
    of_nothing: f32,
}

/// Turns a product of `rough` and high nibbles into an upper bound: the row's scale times (`step` · product +
/// `constant` + `residual` · the row's residual), plus `rounding`.
#[derive(Clone, Copy)]
struct UpperBound {
    step: f32,
    constant: f32,
    residual: f32,
    rounding: f32,
}

impl QueryVector {
    pub(super) fn new(query: &[f32]) -> Self {
        // The sum over all dimensions has to fit into 32 bits.
        let dimensions = query.len().max(1) as f32;
        let limit = (i32::MAX as f32 * 0.99 / (dimensions * 127.0)).min(f32::from(i16::MAX));
        let ((fine, scale), (rough, rough_scale)) = (rounded(query, limit), rounded(query, f32::from(i8::MAX)));
        let values: Vec<f32> = fine.iter().map(|x| *x as f32 * scale).collect();
        let errors: Vec<f32> = values.iter().zip(&rough).map(|(x, rough)| x - *rough as f32 * rough_scale).collect();
        let [length, rounding] = [&values, &errors].map(|vector| dot(vector, vector).sqrt());
        let bound = UpperBound {
            step: 16.0 * rough_scale,
            // The high nibbles of a row are at most as long as its vector, which has length 1, plus what they leave
            // out.
            constant: rounding * dimensions.sqrt() * (MAX_LOW + 0.5)
                - 128.0 * rough.iter().sum::<i32>() as f32 * rough_scale,
            residual: length * dimensions.sqrt() / RESIDUAL_STEPS,
            rounding,
        };
        let fine_bias = 8 * fine.iter().sum::<i32>();
        let (fine, rough) = (Pairs::new(fine.iter().map(|x| *x as i16)), Pairs::new(rough.iter().map(|x| *x as i8)));
        Self { fine, rough, sketch: simhash::sketch(query).collect(), scale, fine_bias, bound, of_nothing: 0.0 }
    }

    /// The cosine with a row, from the product of `fine` and its bytes less 128.
    pub(super) fn cosine(&self, row: &Row, product: i32) -> f32 {
        product.wrapping_sub(self.fine_bias) as f32 * self.scale * row.scale + self.without_direction(row)
    }

    /// An upper bound of the cosine with a row, from the product of `rough` and its stored high nibbles.
    pub(super) fn upper_bound(&self, row: &Row, product: i32) -> f32 {
        let UpperBound { step, constant, residual, rounding } = self.bound;
        row.scale * (step * product as f32 + constant + residual * f32::from(row.residual))
            + rounding
            + self.without_direction(row)
    }

    fn without_direction(&self, row: &Row) -> f32 {
        if row.has_direction() && self.scale != 0.0 { 0.0 } else { self.of_nothing }
    }

    /// The same query with what stands for a cosine where there is none.
    pub(super) fn with_nothing(self, of_nothing: f32) -> Self {
        Self { of_nothing, ..self }
    }

    /// The same query with all cosines scaled by `share`.
    pub(super) fn scaled(self, share: f32) -> Self {
        let UpperBound { step, constant, residual, rounding } = self.bound;
        let bound = UpperBound {
            step: step * share,
            constant: constant * share,
            residual: residual * share,
            rounding: rounding * share,
        };
        Self { scale: self.scale * share, bound, ..self }
    }
}

/// Bytes of one kind of nibble for this many dimensions.
pub(super) fn width(dimensions: usize) -> usize {
    dimensions.div_ceil(2)
}

/// A vector as integers of at most `limit`, and the value of one step.
fn rounded(vector: &[f32], limit: f32) -> (Vec<i32>, f32) {
    /// Makes all values positive, because unsigned rounding is a single instruction everywhere.
    const ABOVE_ALL: i32 = 1 << 15;
    let (scale, inverse) = step(vector, limit);
    let round = |x: &f32| (x * inverse + (ABOVE_ALL as f32 + 0.5)) as i32 - ABOVE_ALL;
    (vector.iter().map(round).collect(), scale)
}

/// The value of one step and its inverse, if the largest value becomes `limit`.
fn step(vector: &[f32], limit: f32) -> (f32, f32) {
    let largest = vector.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    if largest > 0.0 && largest.is_finite() { (largest / limit, limit / largest) } else { (0.0, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::super::scan::{multiply, multiply_high};
    use super::*;

    /// Unit vectors of several shapes: uniform, sparse, and with one dominant dimension.
    fn vectors(dimensions: usize) -> Vec<Vec<f32>> {
        let mut random = 1u64;
        let mut number = move || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        let mut shapes = Vec::new();
        for shape in 0..60 {
            let mut vector: Vec<f32> = (0..dimensions).map(|_| number()).collect();
            match shape % 3 {
                0 => {}
                1 => vector.iter_mut().skip(dimensions / 8 + 1).for_each(|x| *x = 0.0),
                _ => vector[0] *= 10.0,
            }
            let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
            shapes.push(vector.into_iter().map(|x| x / length).collect());
        }
        shapes
    }

    #[test]
    fn high_nibbles_bound_the_cosine_and_all_bytes_give_it() {
        let arch = pulp::Arch::new();
        for dimensions in [1, 2, 15, 384, 1537] {
            let vectors = vectors(dimensions);
            let kept: Vec<Vector> = vectors.iter().map(|vector| Vector::new(vector)).collect();
            let batch = Batch::new(&kept.iter().map(|vector| (vector, SectorMask(1))).collect::<Vec<_>>());
            let mut close = 0;
            for query in &vectors {
                let query_vector = QueryVector::new(query);
                for ((row, nibbles), vector) in batch.rows().zip(&vectors) {
                    let cosine = query_vector.cosine(row, multiply(arch, &query_vector.fine, nibbles));
                    let exact: f32 = vector.iter().zip(query).map(|(a, b)| a * b).sum();
                    assert!((cosine - exact).abs() < 0.01, "{cosine} instead of {exact}");
                    let mut product = [0];
                    multiply_high(arch, &query_vector.rough, std::iter::once(nibbles.high), &mut product);
                    let bound = query_vector.upper_bound(row, product[0]);
                    assert!(bound > cosine - 1e-5, "{bound} is less than {cosine}, {dimensions} dimensions");
                    close += usize::from(bound < cosine + 0.3);
                }
            }
            assert!(close > vectors.len() * vectors.len() / 2, "the bound is useful");
        }
    }

    #[test]
    fn scaling_a_query_scales_its_bounds() {
        let vectors = vectors(384);
        let batch = Batch::new(&[(&Vector::new(&vectors[3]), SectorMask(1))]);
        let (whole, part) = (QueryVector::new(&vectors[6]), QueryVector::new(&vectors[6]).scaled(0.25));
        for (row, _) in batch.rows() {
            assert!((whole.upper_bound(row, 700) - 4.0 * part.upper_bound(row, 700)).abs() < 1e-5);
            assert!((whole.cosine(row, 70_000) - 4.0 * part.cosine(row, 70_000)).abs() < 1e-6);
        }
    }

    #[test]
    fn a_zero_vector_has_cosine_0() {
        let arch = pulp::Arch::new();
        let batch = Batch::new(&[(&Vector::new(&[0.0; 5]), SectorMask(1))]);
        let query_vector = QueryVector::new(&[1.0, 0.0, 0.0, 0.0, 0.0]);
        let (row, nibbles) = batch.rows().next().unwrap();
        assert_eq!(query_vector.cosine(row, multiply(arch, &query_vector.fine, nibbles)), 0.0);
        assert!(query_vector.upper_bound(row, 0) >= 0.0);
    }
}

//! How does a vector become bytes? A cosine by them is about 0.0005 off at 384 dimensions.
//!
//! A byte is kept as two halves, c = 16 · high + low, each −8 to 7 and stored as 0 to 15. The high halves alone, half of the
//! bytes, tell that most rows are too far away to be compared exactly: by Cauchy and Schwarz the low halves add no more than
//! their length times the query's.

use super::SectorMask;
use super::simhash;
use openmemory_domain::embedding::dot;

/// The highest byte; the next one would not fit two halves.
const LARGEST: f32 = 119.0;
/// What is added to a byte when it is stored: 8 to each half.
const BIAS: i32 = 8 * 16 + 8;
/// The most that a low half is away from 0.
const MOST_LOW: f32 = 8.0;
/// Steps of [`Row::rest`].
const REST_STEPS: f32 = 31.0;

/// What the index knows of one vector besides its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) slot: u32,
    /// The real value of one step of a byte.
    pub(super) scale: f32,
    pub(super) mask: SectorMask,
    /// No less than the root mean square of the low halves, in 31sts.
    pub(super) rest: u8,
}

/// The halves of a row's bytes: of two dimensions in one byte, the first of them in its lower four bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nibbles<'a> {
    pub(super) high: &'a [u8],
    pub(super) low: &'a [u8],
}

impl Nibbles<'_> {
    /// [`simhash::sketch`] of the row.
    pub(super) fn sketch(self) -> impl ExactSizeIterator<Item = u8> {
        // The highest bit of a half is set from 0 on.
        let byte = |pairs: &[u8]| pairs.iter().rfold(0, |byte, pair| byte << 2 | pair >> 6 & 2 | pair >> 3 & 1);
        self.high.chunks(simhash::SIGNS / 2).map(byte)
    }
}

/// The vectors of one memory as bytes, made before any lock is taken.
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    high: Vec<u8>,
    low: Vec<u8>,
}

impl Batch {
    pub(super) fn new(vectors: &[(&[f32], SectorMask)]) -> Self {
        let bytes = vectors.iter().map(|(vector, _)| width(vector.len())).sum();
        let rows = Vec::with_capacity(vectors.len());
        let mut batch = Self { rows, high: Vec::with_capacity(bytes), low: Vec::with_capacity(bytes) };
        let mut stored = Vec::new();
        for &(vector, mask) in vectors {
            let (scale, inverse) = step(vector, LARGEST);
            stored.clear();
            stored.extend(vector.iter().map(|x| (x * inverse + (BIAS as f32 + 0.5)) as i32 as u8));
            let squares: i32 = stored.iter().map(|stored| (i32::from(stored & 15) - 8).pow(2)).sum();
            let rest = (squares as f32 / vector.len().max(1) as f32).sqrt();
            batch.rows.push(Row { slot: 0, scale, mask, rest: (rest * REST_STEPS).ceil() as u8 });
            if vector.len() % 2 == 1 {
                stored.push(BIAS as u8);
            }
            let (pairs, _) = stored.as_chunks();
            batch.high.extend(pairs.iter().map(|[first, second]| first >> 4 | second & 0xF0));
            batch.low.extend(pairs.iter().map(|[first, second]| first & 15 | second << 4));
        }
        batch
    }

    /// The rows and their bytes.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&Row, Nibbles<'_>)> {
        let width = (self.high.len() / self.rows.len().max(1)).max(1);
        let halves = self.high.chunks_exact(width).zip(self.low.chunks_exact(width));
        self.rows.iter().zip(halves.map(|(high, low)| Nibbles { high, low }))
    }
}

/// Numbers of a query, those of the first dimension of each pair apart from those of the second.
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

/// A query to compare rows with.
pub(super) struct QueryVector {
    /// Rounded so finely (16 bits) that only the rows' rounding matters.
    pub(super) fine: Pairs<i16>,
    /// Rounded like the rows (8 bits).
    pub(super) rough: Pairs<i8>,
    pub(super) sketch: Vec<u8>,
    /// The real value of one step of `fine`.
    scale: f32,
    /// What is to be taken from a product of `fine`.
    fine_bias: i32,
    most: UpperBound,
}

/// How a product of `rough` and high halves becomes a bound: the scale of the row times
/// `step` · product + `constant` + `rest` · the row's rest, and `off`.
#[derive(Clone, Copy)]
struct UpperBound {
    step: f32,
    constant: f32,
    rest: f32,
    off: f32,
}

impl QueryVector {
    pub(super) fn new(query: &[f32]) -> Self {
        // The sum over all dimensions has to fit 32 bits.
        let dimensions = query.len().max(1) as f32;
        let limit = (i32::MAX as f32 * 0.99 / (dimensions * 127.0)).min(f32::from(i16::MAX));
        let ((fine, scale), (rough, rough_scale)) = (rounded(query, limit), rounded(query, f32::from(i8::MAX)));
        let values: Vec<f32> = fine.iter().map(|x| *x as f32 * scale).collect();
        let away: Vec<f32> = values.iter().zip(&rough).map(|(x, rough)| x - *rough as f32 * rough_scale).collect();
        let [length, off] = [&values, &away].map(|vector| dot(vector, vector).sqrt());
        let most = UpperBound {
            step: 16.0 * rough_scale,
            // A row's high halves are no longer than its vector, which is 1, and what they leave out.
            constant: off * dimensions.sqrt() * (MOST_LOW + 0.5)
                - 128.0 * rough.iter().sum::<i32>() as f32 * rough_scale,
            rest: length * dimensions.sqrt() / REST_STEPS,
            off,
        };
        let fine_bias = 8 * fine.iter().sum::<i32>();
        let (fine, rough) = (Pairs::new(fine.iter().map(|x| *x as i16)), Pairs::new(rough.iter().map(|x| *x as i8)));
        Self { fine, rough, sketch: simhash::sketch(query).collect(), scale, fine_bias, most }
    }

    /// The cosine with a row, by the product of `fine` and its bytes as they are stored, less 128.
    pub(super) fn cosine(&self, row: &Row, product: i32) -> f32 {
        product.wrapping_sub(self.fine_bias) as f32 * self.scale * row.scale
    }

    /// No less than the cosine with a row, by the product of `rough` and its high halves as they are stored.
    pub(super) fn most(&self, row: &Row, product: i32) -> f32 {
        let UpperBound { step, constant, rest, off } = self.most;
        row.scale * (step * product as f32 + constant + rest * f32::from(row.rest)) + off
    }

    /// The same query, whose cosines count for `share` of what they are.
    pub(super) fn times(self, share: f32) -> Self {
        let UpperBound { step, constant, rest, off } = self.most;
        let most = UpperBound { step: step * share, constant: constant * share, rest: rest * share, off: off * share };
        Self { scale: self.scale * share, most, ..self }
    }
}

/// Bytes that the halves of so many dimensions take.
pub(super) fn width(dimensions: usize) -> usize {
    dimensions.div_ceil(2)
}

/// A vector in whole numbers, the largest of which is `limit`, and the value of one step.
fn rounded(vector: &[f32], limit: f32) -> (Vec<i32>, f32) {
    /// Makes everything positive, for which there are instructions in every processor.
    const ABOVE_ALL: i32 = 1 << 15;
    let (scale, inverse) = step(vector, limit);
    let round = |x: &f32| (x * inverse + (ABOVE_ALL as f32 + 0.5)) as i32 - ABOVE_ALL;
    (vector.iter().map(round).collect(), scale)
}

/// The value of one step, and its inverse, when the largest number becomes `limit`.
fn step(vector: &[f32], limit: f32) -> (f32, f32) {
    let largest = vector.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    if largest > 0.0 && largest.is_finite() { (largest / limit, limit / largest) } else { (0.0, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::super::scan::{multiply, multiply_high};
    use super::*;

    /// Vectors of length 1 of many shapes: all dimensions alike, a few of them, one that is larger than the others.
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
    fn high_halves_tell_no_less_than_the_cosine_and_all_bytes_tell_it() {
        let arch = pulp::Arch::new();
        for dimensions in [1, 2, 15, 384, 1537] {
            let vectors = vectors(dimensions);
            let batch =
                Batch::new(&vectors.iter().map(|vector| (vector.as_slice(), SectorMask(1))).collect::<Vec<_>>());
            let mut close = 0;
            for query in &vectors {
                let probe = QueryVector::new(query);
                for ((row, halves), vector) in batch.rows().zip(&vectors) {
                    let cosine = probe.cosine(row, multiply(arch, &probe.fine, halves));
                    let exact: f32 = vector.iter().zip(query).map(|(a, b)| a * b).sum();
                    assert!((cosine - exact).abs() < 0.01, "{cosine} instead of {exact}");
                    let mut product = [0];
                    multiply_high(arch, &probe.rough, std::iter::once(halves.high), &mut product);
                    let most = probe.most(row, product[0]);
                    assert!(most > cosine - 1e-5, "{most} is less than {cosine}, {dimensions} dimensions");
                    close += usize::from(most < cosine + 0.3);
                }
            }
            assert!(close > vectors.len() * vectors.len() / 2, "the bound is of use");
        }
    }

    #[test]
    fn a_query_that_counts_for_less_has_bounds_that_do() {
        let vectors = vectors(384);
        let batch = Batch::new(&[(&vectors[3], SectorMask(1))]);
        let (whole, part) = (QueryVector::new(&vectors[6]), QueryVector::new(&vectors[6]).times(0.25));
        for (row, _) in batch.rows() {
            assert!((whole.most(row, 700) - 4.0 * part.most(row, 700)).abs() < 1e-5);
            assert!((whole.cosine(row, 70_000) - 4.0 * part.cosine(row, 70_000)).abs() < 1e-6);
        }
    }

    #[test]
    fn zeros_have_no_cosine() {
        let arch = pulp::Arch::new();
        let batch = Batch::new(&[(&[0.0; 5], SectorMask(1))]);
        let probe = QueryVector::new(&[1.0, 0.0, 0.0, 0.0, 0.0]);
        let (row, halves) = batch.rows().next().unwrap();
        assert_eq!(probe.cosine(row, multiply(arch, &probe.fine, halves)), 0.0);
        assert!(probe.most(row, 0) >= 0.0);
    }
}

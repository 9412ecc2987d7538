//! How does a vector become bytes? A cosine by them is about 0.0005 off at 384 dimensions.

use super::SectorMask;
use super::sketch::sketch;

/// What the index knows of one vector besides its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) slot: u32,
    /// The real value of one step of a byte.
    pub(super) scale: f32,
    pub(super) mask: SectorMask,
}

/// The vectors of one memory as bytes, made before any lock is taken.
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    pub(super) codes: Vec<i8>,
}

impl Batch {
    pub(super) fn new(vectors: &[(&[f32], SectorMask)]) -> Self {
        let mut rows = Vec::with_capacity(vectors.len());
        let mut codes = Vec::with_capacity(vectors.iter().map(|(v, _)| v.len()).sum());
        for &(vector, mask) in vectors {
            let (scale, inverse) = step(vector, f32::from(i8::MAX));
            codes.extend(vector.iter().map(|x| (x * inverse).round() as i8));
            rows.push(Row { slot: 0, scale, mask });
        }
        Self { rows, codes }
    }
}

/// A query, rounded so finely (16 bits) that only the rows' rounding matters.
pub(super) struct Probe {
    pub(super) codes: Vec<i16>,
    pub(super) scale: f32,
    pub(super) sketch: Vec<u64>,
}

impl Probe {
    pub(super) fn new(query: &[f32]) -> Self {
        // The sum over all dimensions has to fit 32 bits.
        let dimensions = query.len().max(1) as f32;
        let limit = (i32::MAX as f32 * 0.99 / (dimensions * 127.0)).min(f32::from(i16::MAX));
        let (scale, inverse) = step(query, limit);
        let codes = query.iter().map(|x| (x * inverse).round() as i16).collect();
        Self { codes, scale, sketch: sketch(query).collect() }
    }

    /// The cosine with a row, by the product of their codes.
    pub(super) fn cosine(&self, row: &Row, product: i32) -> f32 {
        product as f32 * self.scale * row.scale
    }

    /// The same query, whose cosines count for `share` of what they are.
    pub(super) fn times(self, share: f32) -> Self {
        Self { scale: self.scale * share, ..self }
    }
}

/// The value of one step, and its inverse, when the largest number becomes `limit`.
fn step(vector: &[f32], limit: f32) -> (f32, f32) {
    let largest = vector.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    if largest > 0.0 && largest.is_finite() { (largest / limit, limit / largest) } else { (0.0, 0.0) }
}

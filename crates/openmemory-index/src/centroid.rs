//! What do the vectors of a scope have in common? Their mean, from which follows the mean cosine of a query.

use super::quantise::{Nibbles, Row};

/// Fixed-point steps per 1. Sums of integers do not depend on the order in which memories come and go.
const ONE: f32 = (1 << 24) as f32;

/// The sum of vectors. Those without a direction do not count.
#[derive(Default)]
pub(super) struct Centroid {
    sum: Vec<i64>,
    vectors: u32,
}

impl Centroid {
    pub(super) fn new(dimensions: usize) -> Self {
        Self { sum: vec![0; dimensions], vectors: 0 }
    }

    pub(super) fn add(&mut self, row: &Row, nibbles: Nibbles<'_>) {
        self.vectors += u32::from(row.has_direction());
        self.accumulate(step(row), nibbles);
    }

    pub(super) fn remove(&mut self, row: &Row, nibbles: Nibbles<'_>) {
        self.vectors -= u32::from(row.has_direction());
        self.accumulate(-step(row), nibbles);
    }

    fn accumulate(&mut self, step: i32, nibbles: Nibbles<'_>) {
        for (pair, [first, second]) in self.sum.chunks_mut(2).zip(nibbles.steps()) {
            pair[0] += i64::from(step * first);
            if let Some(sum) = pair.get_mut(1) {
                *sum += i64::from(step * second);
            }
        }
    }

    /// Adds the vectors of another user. Those of other dimensions are left out.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.sum.len() == other.sum.len() {
            self.vectors += other.vectors;
            self.sum.iter_mut().zip(&other.sum).for_each(|(sum, other)| *sum += other);
        }
    }

    /// The mean cosine of the query and all vectors; `None` without vectors, or if the query has no direction.
    pub(super) fn mean_cosine(&self, query: &[f32]) -> Option<f32> {
        if self.vectors == 0 || query.iter().all(|number| *number == 0.0) {
            return None;
        }
        let products = query.iter().zip(&self.sum).map(|(x, sum)| f64::from(*x) * *sum as f64);
        Some((products.sum::<f64>() / (f64::from(ONE) * f64::from(self.vectors))) as f32)
    }

    pub(super) fn bytes(&self) -> usize {
        self.sum.capacity() * size_of::<i64>()
    }
}

/// One step of a row's numbers.
fn step(row: &Row) -> i32 {
    (row.scale * ONE).round() as i32
}

#[cfg(test)]
mod tests {
    use openmemory_domain::Vector;

    use super::super::SectorMask;
    use super::super::quantise::Batch;
    use super::*;

    fn batch(vectors: &[Vector]) -> Batch {
        Batch::new(&vectors.iter().map(|vector| (vector, SectorMask::PASSAGE)).collect::<Vec<_>>())
    }

    #[test]
    fn the_mean_cosine_is_the_mean_of_the_cosines() {
        for dimensions in [1, 2, 15, 384] {
            let vectors: Vec<Vector> = (0..9)
                .map(|n| {
                    Vector::new(&(0..dimensions).map(|at| ((n * 7 + at * at) % 11) as f32 - 4.0).collect::<Vec<_>>())
                })
                .collect();
            let query: Vec<f32> = (0..dimensions).map(|at| (at % 5 + 1) as f32 / 10.0).collect();
            let rows = batch(&vectors);
            let mut centroid = Centroid::new(dimensions);
            rows.rows().for_each(|(row, nibbles)| centroid.add(row, nibbles));
            let cosine = |vector: &Vector| {
                let numbers = vector.steps().iter().map(|step| f32::from(*step) * vector.scale());
                numbers.zip(&query).map(|(a, b)| a * b).sum::<f32>()
            };
            let mean = vectors.iter().map(cosine).sum::<f32>() / 9.0;
            assert!((centroid.mean_cosine(&query).unwrap() - mean).abs() < 1e-4, "{dimensions} dimensions");
        }
    }

    #[test]
    fn what_was_removed_leaves_no_trace() {
        let vectors = [Vector::new(&[0.6, 0.8, 0.0]), Vector::new(&[0.1, -0.9, 0.3]), Vector::new(&[1.0, 0.0, 0.0])];
        let rows = batch(&vectors);
        let mut all = Centroid::new(3);
        rows.rows().for_each(|(row, nibbles)| all.add(row, nibbles));
        rows.rows().skip(1).for_each(|(row, nibbles)| all.remove(row, nibbles));
        let mut first = Centroid::new(3);
        rows.rows().take(1).for_each(|(row, nibbles)| first.add(row, nibbles));
        assert_eq!((all.sum, all.vectors), (first.sum, 1));
    }

    #[test]
    fn several_users_count_as_one() {
        let vectors = [Vector::new(&[0.6, 0.8]), Vector::new(&[0.8, -0.6])];
        let rows = batch(&vectors);
        let mut merged = Centroid::new(2);
        for (row, nibbles) in rows.rows() {
            let mut one = Centroid::new(2);
            one.add(row, nibbles);
            merged.merge(&one);
        }
        merged.merge(&Centroid::new(7));
        assert!((merged.mean_cosine(&[1.0, 0.0]).unwrap() - 0.7).abs() < 0.01);
    }
}

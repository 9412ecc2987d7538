//! How is a vector kept? In a byte per dimension, in memory as on disk and in the index, so that nothing depends on where
//! it was read.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A vector of length 1, or of zeros. Each number is a whole number of steps, at most [`MAX_STEPS`] of them, so that it is
/// off by about half a step at most: a 238th of the largest number.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Vector {
    /// The value of one step.
    scale: f32,
    steps: Steps,
}

/// The largest number that is 16 times a number from −8 to 7 plus another one, as the index splits it.
pub const MAX_STEPS: i8 = 119;

impl Vector {
    /// The direction of `numbers`.
    pub fn new(numbers: &[f32]) -> Self {
        let largest = numbers.iter().fold(0.0f32, |largest, number| largest.max(number.abs()));
        if !(largest > 0.0 && largest.is_finite()) {
            return Self { scale: 0.0, steps: Steps(vec![0; numbers.len()]) };
        }
        let inverse = f32::from(MAX_STEPS) / largest;
        let steps: Vec<i8> = numbers.iter().map(|number| (number * inverse).round() as i8).collect();
        let squares: u64 = steps.iter().map(|steps| u64::from(steps.unsigned_abs()).pow(2)).sum();
        // With a length of exactly 1 no cosine exceeds 1, and those near 1 are the most precise.
        Self { scale: (1.0 / (squares as f64).sqrt()) as f32, steps: Steps(steps) }
    }

    pub fn dimensions(&self) -> usize {
        self.steps.0.len()
    }

    /// Whether it has no direction.
    pub fn is_zero(&self) -> bool {
        self.scale == 0.0
    }

    /// The numbers in steps.
    pub fn steps(&self) -> &[i8] {
        &self.steps.0
    }

    /// The value of one step.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    pub fn to_numbers(&self) -> Vec<f32> {
        self.steps.0.iter().map(|steps| f32::from(*steps) * self.scale).collect()
    }

    /// The dot product with other numbers, which is the cosine if their length is 1 too.
    pub fn dot(&self, other: &[f32]) -> f32 {
        products(&self.steps.0, other) * self.scale
    }

    /// Approximate bytes in memory.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(self.steps())
    }
}

/// The dot product, which is the cosine for vectors of length 1.
// Not generic, because it would then be compiled for the crate that calls it, which may be optimised for size.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    products(a, b)
}

fn products<T: Copy + Into<f32>>(a: &[T], b: &[f32]) -> f32 {
    /// Independent accumulators, so that one addition does not wait for another.
    const LANES: usize = 16;
    let ((a, a_remainder), (b, b_remainder)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += (*a).into() * b;
        }
    }
    let remainder: f32 = a_remainder.iter().zip(b_remainder).map(|(a, b)| (*a).into() * b).sum();
    sums.iter().sum::<f32>() + remainder
}

impl fmt::Debug for Vector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.to_numbers()).finish()
    }
}

/// Written as bytes: a list of numbers would be read one by one.
#[derive(Clone, PartialEq)]
struct Steps(Vec<i8>);

impl Serialize for Steps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().map(|steps| steps.cast_unsigned()).collect();
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Steps;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a byte per dimension")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Steps, E> {
                Ok(Steps(bytes.iter().map(|byte| byte.cast_signed()).collect()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(dimensions: usize) -> Vec<f32> {
        let numbers: Vec<f32> = (0..dimensions).map(|at| ((at * 37 % 101) as f32 - 50.0) / 50.0).collect();
        let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
        numbers.into_iter().map(|number| number / length).collect()
    }

    #[test]
    fn numbers_are_off_by_at_most_half_a_step() {
        for dimensions in [1, 15, 16, 17, 384] {
            let numbers = unit(dimensions);
            let vector = Vector::new(&numbers);
            let off = numbers.iter().zip(vector.to_numbers()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off <= 0.55 * vector.scale(), "{off} of {}", vector.scale());
            assert!((vector.dot(&numbers) - 1.0).abs() < 1e-4);
            assert!((vector.dot(&vector.to_numbers()) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn a_dot_product_with_a_vector_counts_every_dimension_once() {
        for dimensions in [1, 15, 16, 17, 384] {
            let each = 1.0 / (dimensions as f32).sqrt();
            let vector = Vector::new(&vec![each; dimensions]);
            for at in 0..dimensions {
                let mut other = vec![0.0; dimensions];
                other[at] = 2.0;
                assert!((vector.dot(&other) - 2.0 * each).abs() < 1e-6, "{at} of {dimensions}");
            }
        }
    }

    #[test]
    fn records_take_a_byte_per_dimension() {
        for numbers in [vec![], vec![0.0; 3], unit(384)] {
            let vector = Vector::new(&numbers);
            let record = postcard::to_stdvec(&vector).unwrap();
            assert!(record.len() <= numbers.len() + 6);
            assert_eq!(postcard::from_bytes::<Vector>(&record).unwrap(), vector);
            assert_eq!(Vector::new(&vector.to_numbers()).steps(), vector.steps());
        }
        assert!(postcard::from_bytes::<Vector>(&[0, 0, 0, 0, 3, 1, 2]).is_err(), "a byte is missing");
    }

    #[test]
    fn a_dot_product_counts_every_dimension_once() {
        for dimensions in [1, 15, 16, 17, 384] {
            let a: Vec<f32> = (1..=dimensions).map(|n| n as f32).collect();
            for i in 0..dimensions as usize {
                let mut b = vec![0.0; a.len()];
                b[i] = 2.0;
                assert_eq!(dot(&a, &b), 2.0 * a[i], "{i} of {dimensions}");
            }
        }
    }
}

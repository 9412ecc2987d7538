//! How do token states become one vector?

use openmemory_onnx::Output;

use super::EmbeddingError;

/// Which token states represent a text. A property of how the model was trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooling {
    /// The mean of all states, including those of special tokens and the prefix.
    #[default]
    Mean,
    /// The first state.
    Cls,
}

impl Pooling {
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Cls => "cls",
        }
    }
}

/// The vector of all that the model has read, not normalised. A vector that the model has pooled is its only row.
pub(super) fn pooled(pooling: Pooling, output: &Output) -> Vec<f32> {
    match pooling {
        Pooling::Mean => sum(output.rows(), output.dimensions),
        Pooling::Cls => output.rows().next().unwrap_or_default().to_vec(),
    }
}

/// The sum of `rows`, which may be empty.
pub(super) fn sum<'a>(rows: impl Iterator<Item = &'a [f32]>, dimensions: usize) -> Vec<f32> {
    let mut total = vec![0.0; dimensions];
    for row in rows {
        total.iter_mut().zip(row).for_each(|(total, value)| *total += value);
    }
    total
}

/// Scales `vector` to length 1. Only the direction matters, so a sum serves as well as a mean. A zero vector has no
/// direction and stays: it is similar to nothing, and its text can still be found by its words.
pub fn normalised(mut vector: Vec<f32>) -> Result<Vec<f32>, EmbeddingError> {
    if let Some(at) = vector.iter().position(|value| !value.is_finite()) {
        let value = vector[at];
        return Err(EmbeddingError::failed(format!("number {at} of the vector is {value}")));
    }
    let length = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    if length == 0.0 {
        return Ok(vector);
    }
    vector.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
    Ok(vector)
}

/// The weighted sum of several directions, normalised. `parts` is not empty.
pub(super) fn blended(parts: &[(Vec<f32>, usize)]) -> Result<Vec<f32>, EmbeddingError> {
    let mut total = vec![0.0; parts.first().map_or(0, |(vector, _)| vector.len())];
    for (vector, weight) in parts {
        let weight = *weight as f32;
        total.iter_mut().zip(vector).for_each(|(total, value)| *total += weight * value);
    }
    normalised(total)
}

//! The best `k` by exact score, with as few exact scores as will do.

use super::Ranked;

/// A memory and its exact score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    pub memory: u64,
    pub score: f32,
}

impl Ranked {
    /// The `k` memories with the highest exact score, best first, ties by memory number.
    ///
    /// `exact` is asked about candidates in falling order. It answers `None` for a
    /// memory that a filter rejects, else the cosine of the query and the nearest of
    /// the memory's stored vectors that the query's mask admits. It is asked until no
    /// further candidate can reach the best `k`: the answer is that of an exact
    /// search over what the filter accepts, however little that is. Without a
    /// filter that takes `k` and some ten exact scores more.
    /// Nothing is asked about candidates that cannot reach `floor`; what `exact` says counts as it is.
    pub fn best<E>(
        self,
        k: usize,
        floor: f32,
        mut exact: impl FnMut(u64) -> Result<Option<f32>, E>,
    ) -> Result<Vec<Hit>, E> {
        let mut hits: Vec<Hit> = Vec::new();
        if k == 0 {
            return Ok(hits);
        }
        for candidate in self {
            let worst = hits.get(k - 1);
            // Scores below 0 count as 0, so a floor of 0 admits all.
            let hopeless = floor > 0.0 && candidate.ceiling < floor;
            if hopeless || worst.is_some_and(|worst| worst.score > candidate.ceiling) {
                break;
            }
            let Some(score) = exact(candidate.memory)? else {
                continue;
            };
            let hit = Hit { memory: candidate.memory, score };
            let at = hits.partition_point(|other| {
                other.score > hit.score || (other.score == hit.score && other.memory < hit.memory)
            });
            hits.insert(at, hit);
            hits.truncate(k);
        }
        Ok(hits)
    }
}

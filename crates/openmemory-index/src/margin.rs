//! How clearly does the best memory stand out?
//!
//! Evidence of the same strength proves less where several memories have it: in a dialogue many turns are about the
//! subject of a question, and one of them answers. So the margin, which is added to the score of the best memory, is how
//! far its evidence exceeds that of all the others together. Memories that say the same do not count against each other.

use openmemory_domain::request::Search;

use crate::cosine_scale::CosineScale;
use crate::query::{Query, RankedMemory};
use crate::score::same;
use crate::search::Partitions;

/// How many of the best memories are compared. A search looks at as many, whatever its limit, so that scores do not
/// depend on it.
pub const COMPARED: usize = 10;

/// How much of the evidence of a memory counts in the common evidence of several: the exponent of their sum.
const SHARPNESS: f32 = 0.75;

/// The hits that a request asks for, with their margins, from the sorted matches: those up to the end of the page, and at
/// least [`COMPARED`], or all that there are.
pub fn page<P: Partitions, T>(
    partitions: &P,
    query: &Query<'_>,
    mut best: Vec<(RankedMemory, T)>,
    request: &Search,
) -> Result<Vec<(RankedMemory, T)>, P::Error> {
    set_margins(partitions, query, best.iter_mut().map(|(memory, _)| memory))?;
    let hits = best.into_iter().skip(request.offset).take(request.limit);
    Ok(hits.filter(|(memory, _)| memory.features.score() >= request.min_score as f32).collect())
}

/// Sets the margins of the best memories, which are sorted.
fn set_margins<'m, P: Partitions>(
    partitions: &P,
    query: &Query<'_>,
    best: impl IntoIterator<Item = &'m mut RankedMemory>,
) -> Result<(), P::Error> {
    let mut compared: Vec<&mut RankedMemory> = best.into_iter().take(COMPARED).collect();
    let evidence: Vec<f32> = compared.iter().map(|memory| memory.features.evidence()).collect();
    if evidence.first().is_none_or(|best| *best <= 0.0) {
        return Ok(());
    }
    let says_the_same = match evidence.len() {
        1 => vec![true],
        _ => near_duplicates(partitions, query, &compared)?,
    };
    let others = || evidence.iter().zip(&says_the_same).filter(|(_, same)| !**same).map(|(evidence, _)| *evidence);
    let others = common(others);
    for ((memory, evidence), _) in compared.iter_mut().zip(evidence).zip(says_the_same).filter(|(_, same)| *same) {
        memory.features.set_margin((evidence - others).max(0.0));
    }
    Ok(())
}

/// The evidence of several memories together, at least 0: a smooth maximum, which is higher the more of them come close
/// to it. ln(Σ e^(sharpness · evidence)) ÷ sharpness.
fn common<I: Iterator<Item = f32>>(evidence: impl Fn() -> I) -> f32 {
    let highest = evidence().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = evidence().map(|evidence| (SHARPNESS * (evidence - highest)).exp()).sum();
    (highest + sum.ln() / SHARPNESS).max(0.0)
}

/// Which memories say the same as the first: those with its text, or with nearly equal vectors.
fn near_duplicates<P: Partitions>(
    partitions: &P,
    query: &Query<'_>,
    compared: &[&mut RankedMemory],
) -> Result<Vec<bool>, P::Error> {
    let first = &compared[0];
    let mut vectors = Vec::new();
    partitions.each(&mut |partition| {
        if vectors.is_empty() {
            vectors = partition.vectors_of(first.number);
        }
    })?;
    let mut cosines = vec![f32::NEG_INFINITY; compared.len()];
    partitions.each(&mut |partition| {
        for (memory, cosine) in compared.iter().zip(&mut cosines).skip(1) {
            *cosine = cosine.max(partition.highest_cosine(memory.number, &vectors));
        }
    })?;
    let scale = CosineScale::new(query.spread, 1.0, query.unread());
    let is_same = |(memory, cosine): (&&mut RankedMemory, f32)| {
        memory.content == first.content || same(scale.dense(cosine * scale.factor, 0.0)) >= 1.0
    };
    Ok(compared.iter().zip(cosines).map(is_same).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn together(evidence: &[f32]) -> f32 {
        common(|| evidence.iter().copied())
    }

    #[test]
    fn what_several_memories_show_together_is_at_least_what_the_best_of_them_shows() {
        assert_eq!(together(&[]), 0.0);
        assert_eq!(together(&[-5.0]), 0.0);
        assert!((together(&[3.0]) - 3.0).abs() < 1e-6);
        assert!((together(&[3.0, 3.0]) - (3.0 + 2f32.ln() / SHARPNESS)).abs() < 1e-6);
        assert!((together(&[3.0, -90.0]) - 3.0).abs() < 1e-6);
    }
}

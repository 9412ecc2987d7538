//! Which of many candidates score highest?

/// Scores that are compared together.
const BLOCK: usize = 32;

/// Keeps the `take` highest scores, ties by number.
pub(super) struct TopK<T> {
    take: usize,
    floor: f32,
    kept: Vec<(f32, u64, T)>,
}

impl<T> TopK<T> {
    pub(super) fn new(take: usize) -> Self {
        let floor = if take == 0 { f32::INFINITY } else { f32::NEG_INFINITY };
        Self { take, floor, kept: Vec::new() }
    }

    pub(super) fn take(&self) -> usize {
        self.take
    }

    /// Whether a score may be among the best. This comparison excludes nearly all candidates.
    pub(super) fn admits(&self, score: f32) -> bool {
        score >= self.floor
    }

    /// The first index, starting at `from`, whose score may be among the best.
    pub(super) fn next_admitted(&self, scores: &[f32], from: usize) -> Option<usize> {
        // Without a branch per score, the compiler vectorises the comparison.
        let any = |block: &[f32]| block.iter().fold(false, |any, score| any | self.admits(*score));
        let block = scores[from..].chunks(BLOCK).position(any)?;
        let from = from + block * BLOCK;
        scores[from..].iter().position(|score| self.admits(*score)).map(|at| from + at)
    }

    pub(super) fn push(&mut self, score: f32, number: u64, found: T) {
        if !self.admits(score) {
            return;
        }
        self.kept.push((score, number, found));
        if self.kept.len() >= 2 * self.take {
            let (_, last, _) = self.kept.select_nth_unstable_by(self.take - 1, |a, b| descending(a, b));
            self.floor = last.0;
            self.kept.truncate(self.take);
        }
    }

    /// The best first.
    pub(super) fn into_sorted(mut self) -> Vec<T> {
        self.kept.sort_unstable_by(descending);
        self.kept.truncate(self.take);
        self.kept.into_iter().map(|(_, _, found)| found).collect()
    }
}

fn descending<T>(a: &(f32, u64, T), b: &(f32, u64, T)) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first_and_ties_by_number() {
        let mut best = TopK::new(3);
        for number in (0..100u64).rev() {
            best.push((number / 2) as f32, number, number);
        }
        assert_eq!(best.into_sorted(), [98, 99, 96]);
    }

    #[test]
    fn the_next_admitted_score_is_found_at_any_index() {
        let mut best = TopK::new(1);
        for score in [3.0, 5.0] {
            best.push(score, 0, ());
        }
        let mut scores = vec![1.0; 3 * BLOCK + 5];
        scores[7] = f32::NAN;
        for wanted in [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 3, scores.len() - 1] {
            scores[wanted] = 5.0;
            for from in 0..=wanted {
                assert_eq!(best.next_admitted(&scores, from), Some(wanted), "from {from}");
            }
            assert_eq!(best.next_admitted(&scores, wanted + 1), None);
            scores[wanted] = 1.0;
        }
        assert_eq!(TopK::<()>::new(0).next_admitted(&scores, 0), None);
    }

    #[test]
    fn taking_0_keeps_nothing() {
        let mut best = TopK::new(0);
        best.push(1.0, 0, ());
        assert!(best.into_sorted().is_empty());
    }
}

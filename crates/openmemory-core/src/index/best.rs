//! The best of many, kept while they come by.

/// Keeps the `take` highest, ties by number.
pub(super) struct Best<T> {
    take: usize,
    floor: f32,
    kept: Vec<(f32, u64, T)>,
}

impl<T> Best<T> {
    pub(super) fn new(take: usize) -> Self {
        Self { take, floor: f32::NEG_INFINITY, kept: Vec::new() }
    }

    /// Whether a score may be among the best; one comparison disposes of nearly all.
    pub(super) fn admits(&self, score: f32) -> bool {
        score >= self.floor && self.take > 0
    }

    pub(super) fn push(&mut self, score: f32, number: u64, found: T) {
        if !self.admits(score) {
            return;
        }
        self.kept.push((score, number, found));
        if self.kept.len() >= 2 * self.take {
            let (_, last, _) = self.kept.select_nth_unstable_by(self.take - 1, |a, b| falling(a, b));
            self.floor = last.0;
            self.kept.truncate(self.take);
        }
    }

    /// Best first.
    pub(super) fn into_sorted(mut self) -> Vec<T> {
        self.kept.sort_unstable_by(falling);
        self.kept.truncate(self.take);
        self.kept.into_iter().map(|(_, _, found)| found).collect()
    }
}

fn falling<T>(a: &(f32, u64, T), b: &(f32, u64, T)) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first_and_equals_by_number() {
        let mut best = Best::new(3);
        for number in (0..100u64).rev() {
            best.push((number / 2) as f32, number, number);
        }
        assert_eq!(best.into_sorted(), [98, 99, 96]);
    }

    #[test]
    fn none_are_kept_of_none() {
        let mut best = Best::new(0);
        best.push(1.0, 0, ());
        assert!(best.into_sorted().is_empty());
    }
}

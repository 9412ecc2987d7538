//! Candidates in falling order, sorted only as far as somebody looks.

use std::cmp::Ordering;
use std::collections::HashSet;

/// A memory, with what its nearest vector's bytes tell about its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    pub memory: u64,
    /// The cosine by the bytes; about 0.0005 off at 384 dimensions.
    pub approximate: f32,
    /// What the exact cosine does not exceed, but for one vector in a thousand million.
    pub ceiling: f32,
}

impl Candidate {
    fn falling(&self, other: &Self) -> Ordering {
        other.ceiling.total_cmp(&self.ceiling).then(self.memory.cmp(&other.memory))
    }
}

/// An iterator over candidates by falling [`ceiling`](Candidate::ceiling), then by
/// memory; each memory once, at its best vector.
///
/// It owns a copy of the scores: it blocks nobody, and is not touched by later writes.
pub struct Ranked {
    all: Vec<Candidate>,
    /// The next ones, best last.
    sorted: Vec<Candidate>,
    /// The last that was sorted; it and all before it are done.
    reached: Candidate,
    take: usize,
    seen: HashSet<u64>,
}

/// How many are sorted at first; four times as many each time they run out.
const FIRST: usize = 128;

impl Ranked {
    pub(super) fn new(all: Vec<Candidate>) -> Self {
        Self {
            all,
            sorted: Vec::new(),
            reached: Candidate { memory: 0, approximate: f32::INFINITY, ceiling: f32::INFINITY },
            take: FIRST,
            seen: HashSet::new(),
        }
    }

    /// Keeps the memories that `keep` accepts. It is asked about every vector in scope:
    /// for a test that costs nanoseconds, such as membership in a set. A costlier
    /// test belongs into the walk.
    #[must_use]
    pub fn retain(mut self, mut keep: impl FnMut(u64) -> bool) -> Self {
        self.all.retain(|candidate| keep(candidate.memory));
        self.sorted.retain(|candidate| keep(candidate.memory));
        self
    }

    fn sort_more(&mut self) {
        let take = self.take;
        let mut best: Vec<Candidate> = Vec::new();
        let mut floor = f32::NEG_INFINITY;
        let reached = self.reached;
        for candidate in &self.all {
            // Two plain comparisons dispose of nearly all.
            if candidate.ceiling < floor || candidate.ceiling > reached.ceiling {
                continue;
            }
            if candidate.falling(&reached) != Ordering::Greater {
                continue;
            }
            best.push(*candidate);
            if best.len() == 2 * take {
                let (_, last, _) = best.select_nth_unstable_by(take - 1, Candidate::falling);
                floor = last.ceiling;
                best.truncate(take);
            }
        }
        best.sort_unstable_by(Candidate::falling);
        best.truncate(take);
        if let Some(last) = best.last() {
            self.reached = *last;
        }
        best.reverse();
        self.sorted = best;
        self.take *= 4;
    }
}

impl Iterator for Ranked {
    type Item = Candidate;

    fn next(&mut self) -> Option<Candidate> {
        loop {
            if self.sorted.is_empty() {
                self.sort_more();
            }
            let candidate = self.sorted.pop();
            match candidate {
                Some(candidate) if !self.seen.insert(candidate.memory) => {}
                Some(_) => return candidate,
                None => {
                    self.all.clear();
                    return None;
                }
            }
        }
    }
}

//! Which memories are context for each other? The neighbours within a run, in order of time.
//!
//! An answer often shares no word with its question, but stands next to it. Only memories with the same `run_id` are
//! neighbours, and the context weakens with the time between them.

use super::interner::Interner;
use openmemory_domain::Timestamp;

/// The scores that a memory's neighbours contribute. They exclude the neighbours' own context, and are 0 without a
/// neighbour.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Context {
    /// 1 if the previous memory is a question.
    pub(super) after_question: f32,
    /// The score of the previous memory if it is a question.
    pub(super) question: f32,
    pub(super) next: f32,
    pub(super) before_last: f32,
    pub(super) after_next: f32,
    /// The mean of the run's three best scores; without a run, the memory's own score.
    pub(super) run: f32,
}

impl Context {
    /// The context of a memory without a run.
    pub(super) fn without_run(own_score: f32) -> Self {
        Self { run: own_score, ..Self::default() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Member {
    pub(super) created_at: Timestamp,
    pub(super) number: u64,
    pub(super) slot: u32,
    pub(super) is_question: bool,
}

impl Member {
    fn sort_key(&self) -> (Timestamp, u64) {
        (self.created_at, self.number)
    }
}

/// The runs of one user. Members are sorted by time.
#[derive(Default)]
pub(super) struct Runs(Interner<Vec<Member>>);

impl Runs {
    pub(super) fn insert(&mut self, name: &str, member: Member) -> u32 {
        let id = self.0.id(name);
        let members = &mut self.0[id];
        let at = members.partition_point(|other| other.sort_key() < member.sort_key());
        members.insert(at, member);
        id
    }

    pub(super) fn remove(&mut self, id: u32, created_at: Timestamp, number: u64) {
        let members = &mut self.0[id];
        if let Ok(at) = members.binary_search_by_key(&(created_at, number), Member::sort_key) {
            members.remove(at);
        }
        if members.is_empty() {
            self.0.remove(id);
        }
    }

    /// The members of the run of this name.
    pub(super) fn find(&self, name: &str) -> &[Member] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn members(&self, id: u32) -> &[Member] {
        &self.0[id]
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &[Member]> {
        self.0.all().map(Vec::as_slice).filter(|members| !members.is_empty())
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.bytes() + self.0.all().map(|members| members.capacity() * size_of::<Member>()).sum::<usize>()
    }
}

/// The own scores of one run's members, from which contexts are computed.
#[derive(Default)]
pub(super) struct Surroundings {
    scores: Vec<f32>,
    run: f32,
}

impl Surroundings {
    /// `score` gives a slot's score without context.
    pub(super) fn enter(&mut self, members: &[Member], score: impl Fn(u32) -> f32) {
        self.scores.clear();
        self.scores.extend(members.iter().map(|member| score(member.slot)));
        self.run = best_three(&self.scores);
    }

    /// The context of the member at `at`.
    pub(super) fn context(&self, members: &[Member], at: usize) -> Context {
        self.lent(members, at, |score, other| score * closeness(&members[at], other))
    }

    /// An upper bound of each part of the context.
    pub(super) fn upper_bound(&self, members: &[Member], at: usize) -> Context {
        self.lent(members, at, |score, _| score.max(0.0))
    }

    fn lent(&self, members: &[Member], at: usize, by: impl Fn(f32, &Member) -> f32) -> Context {
        let from = |other: Option<usize>| {
            let other = other.filter(|other| *other < members.len());
            other.map_or(0.0, |other| by(self.scores[other], &members[other]))
        };
        let asked = at.checked_sub(1).is_some_and(|before| members[before].is_question);
        Context {
            after_question: f32::from(u8::from(asked)),
            question: if asked { from(at.checked_sub(1)) } else { 0.0 },
            next: from(Some(at + 1)),
            before_last: from(at.checked_sub(2)),
            after_next: from(Some(at + 2)),
            run: self.run,
        }
    }
}

/// e^(−Δ / 1 h).
fn closeness(a: &Member, b: &Member) -> f32 {
    const HOUR: f32 = 3_600_000.0;
    let apart = a.created_at.millis().abs_diff(b.created_at.millis());
    if apart == 0 { 1.0 } else { (-(apart as f32) / HOUR).exp() }
}

fn best_three(scores: &[f32]) -> f32 {
    let mut best = [f32::NEG_INFINITY; 3];
    for score in scores {
        if *score > best[2] {
            best[2] = *score;
            best.sort_unstable_by(|a, b| b.total_cmp(a));
        }
    }
    let found = best.iter().filter(|score| score.is_finite());
    let count = found.clone().count().max(1);
    found.sum::<f32>() / count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(minute: i64, slot: u32, is_question: bool) -> Member {
        Member { created_at: Timestamp::from_millis(minute * 60_000), number: slot.into(), slot, is_question }
    }

    fn contexts(members: &[Member], score: impl Fn(u32) -> f32) -> Vec<Context> {
        let mut surroundings = Surroundings::default();
        surroundings.enter(members, score);
        (0..members.len()).map(|at| surroundings.context(members, at)).collect()
    }

    #[test]
    fn an_answer_gets_the_score_of_its_question() {
        let members = [member(0, 0, true), member(0, 1, false), member(0, 2, false)];
        let contexts = contexts(&members, |slot| if slot == 0 { 0.9 } else { 0.0 });
        assert_eq!((contexts[1].after_question, contexts[1].question), (1.0, 0.9));
        assert_eq!((contexts[2].after_question, contexts[2].question, contexts[2].before_last), (0.0, 0.0, 0.9));
        assert!((contexts[0].run - 0.3).abs() < 1e-6);
    }

    #[test]
    fn memories_a_day_apart_are_no_context() {
        let members = [member(0, 0, true), member(24 * 60, 1, false)];
        assert!(contexts(&members, |_| 0.9)[1].question < 1e-6);
    }

    #[test]
    fn members_are_sorted_by_time() {
        let mut runs = Runs::default();
        let members = [member(5, 0, false), member(1, 1, false), member(5, 2, false)];
        let run = members.map(|member| runs.insert("r", member))[0];
        assert_eq!(runs.members(run).iter().map(|member| member.slot).collect::<Vec<_>>(), [1, 0, 2]);
        members.iter().for_each(|member| runs.remove(run, member.created_at, member.number));
        assert_eq!(runs.all().count(), 0);
    }
}

//! What was said around a memory? The memories of one run in the order of time, and what they lend each other.
//!
//! An answer often shares no word with the question that it answers: what stands beside it tells. Only memories of one
//! `run_id` are neighbours, and less so the more time lies between them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::Timestamp;

/// What a memory gets from its run; scores are those without any context, 0 where there is nobody.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Context {
    /// 1 if the memory before is a question.
    pub(super) after_question: f32,
    /// The score of the memory before, if that is a question.
    pub(super) question: f32,
    pub(super) next: f32,
    pub(super) before_last: f32,
    pub(super) after_next: f32,
    /// The mean of the run's best three; alone, the memory's own.
    pub(super) run: f32,
}

impl Context {
    /// That of a memory without a run, whose own score is `alone`.
    pub(super) fn of_none(alone: f32) -> Self {
        Self { run: alone, ..Self::default() }
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
    fn place(&self) -> (Timestamp, u64) {
        (self.created_at, self.number)
    }
}

/// The runs of one user.
#[derive(Default)]
pub(super) struct Runs {
    ids: HashMap<Arc<str>, u32>,
    runs: Vec<Run>,
    free: Vec<u32>,
}

#[derive(Default)]
struct Run {
    name: Arc<str>,
    members: Vec<Member>,
}

impl Runs {
    pub(super) fn insert(&mut self, name: &str, member: Member) -> u32 {
        let id = match self.ids.get(name) {
            Some(id) => *id,
            None => self.new_run(name),
        };
        let members = &mut self.runs[id as usize].members;
        let at = members.partition_point(|other| other.place() < member.place());
        members.insert(at, member);
        id
    }

    fn new_run(&mut self, name: &str) -> u32 {
        let name: Arc<str> = name.into();
        let run = Run { name: Arc::clone(&name), members: Vec::new() };
        let id = match self.free.pop() {
            Some(id) => {
                self.runs[id as usize] = run;
                id
            }
            None => {
                self.runs.push(run);
                (self.runs.len() - 1) as u32
            }
        };
        self.ids.insert(name, id);
        id
    }

    pub(super) fn remove(&mut self, id: u32, created_at: Timestamp, number: u64) {
        let run = &mut self.runs[id as usize];
        if let Ok(at) = run.members.binary_search_by_key(&(created_at, number), Member::place) {
            run.members.remove(at);
        }
        if run.members.is_empty() {
            let Run { name, .. } = std::mem::take(run);
            self.ids.remove(&name);
            self.free.push(id);
        }
    }

    /// The members of the run of this name.
    pub(super) fn of(&self, name: &str) -> &[Member] {
        self.ids.get(name).map_or(&[], |id| self.members(*id))
    }

    pub(super) fn members(&self, id: u32) -> &[Member] {
        &self.runs[id as usize].members
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &[Member]> {
        self.runs.iter().map(|run| run.members.as_slice()).filter(|members| !members.is_empty())
    }

    pub(super) fn bytes(&self) -> usize {
        let run = |run: &Run| size_of::<Run>() + 48 + run.members.capacity() * size_of::<Member>();
        self.runs.iter().map(run).sum()
    }
}

/// The context of each of a run's members, in their order. `score` is that of a slot without context.
pub(super) fn contexts(members: &[Member], score: impl Fn(u32) -> f32) -> Vec<Context> {
    let scores: Vec<f32> = members.iter().map(|member| score(member.slot)).collect();
    let run = best_three(&scores);
    let lent = |at: usize, by: Option<usize>| {
        let by = by.filter(|by| *by < members.len())?;
        Some(scores[by] * closeness(&members[at], &members[by]))
    };
    let context = |at: usize| {
        let asked = at.checked_sub(1).is_some_and(|before| members[before].is_question);
        Context {
            after_question: f32::from(u8::from(asked)),
            question: lent(at, at.checked_sub(1)).filter(|_| asked).unwrap_or(0.0),
            next: lent(at, Some(at + 1)).unwrap_or(0.0),
            before_last: lent(at, at.checked_sub(2)).unwrap_or(0.0),
            after_next: lent(at, Some(at + 2)).unwrap_or(0.0),
            run,
        }
    };
    (0..members.len()).map(context).collect()
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

    #[test]
    fn an_answer_is_lent_the_score_of_its_question() {
        let members = [member(0, 0, true), member(0, 1, false), member(0, 2, false)];
        let contexts = contexts(&members, |slot| if slot == 0 { 0.9 } else { 0.0 });
        assert_eq!((contexts[1].after_question, contexts[1].question), (1.0, 0.9));
        assert_eq!((contexts[2].after_question, contexts[2].question, contexts[2].before_last), (0.0, 0.0, 0.9));
        assert!((contexts[0].run - 0.3).abs() < 1e-6);
    }

    #[test]
    fn what_was_said_a_day_later_lends_nothing() {
        let members = [member(0, 0, true), member(24 * 60, 1, false)];
        assert!(contexts(&members, |_| 0.9)[1].question < 1e-6);
    }

    #[test]
    fn members_stand_in_the_order_of_time_whenever_they_come() {
        let mut runs = Runs::default();
        let members = [member(5, 0, false), member(1, 1, false), member(5, 2, false)];
        let run = members.map(|member| runs.insert("r", member))[0];
        assert_eq!(runs.members(run).iter().map(|member| member.slot).collect::<Vec<_>>(), [1, 0, 2]);
        members.iter().for_each(|member| runs.remove(run, member.created_at, member.number));
        assert_eq!(runs.all().count(), 0);
    }
}

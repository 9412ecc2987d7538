//! Which memories of a partition answer best? Upper bounds, which are cheap, exclude nearly all of them before an exact
//! score is computed.

use super::RankedMemory;
use super::cosine_scale::CosineScale;
use super::prepared_query::PreparedQuery;
use super::runs::{Context, Member, Surroundings};
use super::score::{Feature, Features, own_score};
use super::slot::Slot;
use super::top_k::TopK;

/// The word scores of the slots.
pub(super) struct WordScores {
    pub(super) lexical: Vec<f32>,
    /// The share of the query's words in each slot; empty if it is not used.
    pub(super) coverage: Vec<f32>,
}

impl WordScores {
    fn coverage(&self, slot: usize) -> f32 {
        self.coverage.get(slot).copied().unwrap_or_default()
    }
}

/// The scores of the slots without context.
pub(super) struct Scores<'a> {
    words: WordScores,
    /// The dense feature of each slot: exact where `exact` is set, an upper bound elsewhere. Negative infinity without
    /// a vector to compare.
    dense: Vec<f32>,
    exact: Vec<bool>,
    cosine_scale: CosineScale,
    dynamics_bounds: &'a [f32],
    named: Vec<bool>,
    /// An upper bound of what closeness to a time adds.
    time_bound: f32,
    /// An upper bound of the sum of a slot's features, without context.
    upper_bounds: Vec<f32>,
}

impl<'a> Scores<'a> {
    /// `cosines` are upper bounds; `dynamics_bounds` are [`Slot::dynamics_upper_bound`]; `named` are the slots with a
    /// tag that the query names.
    /// `names_time`: whether the query names a time.
    pub(super) fn new(
        words: WordScores,
        cosines: Vec<f32>,
        cosine_scale: CosineScale,
        dynamics_bounds: &'a [f32],
        named: impl Iterator<Item = u32>,
        names_time: bool,
    ) -> Self {
        let mut dense = cosines;
        dense
            .iter_mut()
            .enumerate()
            .for_each(|(slot, dense)| *dense = cosine_scale.dense(*dense, words.coverage(slot)));
        let time_bound = if names_time { Feature::Time.weight() } else { 0.0 };
        // Over whole columns, without an index in sight: this loop sees every memory, and compiles to vector operations.
        let columns = words.lexical.iter().zip(&dense).zip(dynamics_bounds);
        let bound = |((lexical, dense), dynamics): ((&f32, &f32), &f32)| {
            Features::own_upper_bound(*lexical, *dense, *dynamics) + time_bound
        };
        let upper_bounds = columns.map(bound).collect();
        let (exact, is_named) = (vec![false; dense.len()], vec![false; dense.len()]);
        let mut scores =
            Self { words, dense, exact, cosine_scale, dynamics_bounds, named: is_named, time_bound, upper_bounds };
        for slot in named {
            scores.named[slot as usize] = true;
            scores.upper_bounds[slot as usize] = scores.upper_bound(slot as usize);
        }
        scores
    }

    fn upper_bound(&self, slot: usize) -> f32 {
        let own = Features::own_upper_bound(self.words.lexical[slot], self.dense[slot], self.dynamics_bounds[slot]);
        own + self.time_bound + if self.named[slot] { Feature::TagNamed.weight() } else { 0.0 }
    }

    /// Replaces the upper bound of a slot's dense feature by the exact value.
    fn set_exact(&mut self, slot: u32, cosine: impl FnOnce() -> f32) {
        let slot = slot as usize;
        if std::mem::replace(&mut self.exact[slot], true) {
            return;
        }
        self.dense[slot] = self.cosine_scale.dense(cosine(), self.words.coverage(slot));
        self.upper_bounds[slot] = self.upper_bound(slot);
    }

    /// The score that a slot has on its own and lends to others; an upper bound unless its cosine is exact.
    fn own_score(&self, slot: u32) -> f32 {
        let dense = self.dense[slot as usize];
        if dense == f32::NEG_INFINITY { 0.0 } else { own_score(self.words.lexical[slot as usize], dense) }
    }
}

/// `C` computes a slot's highest cosine.
pub(super) struct Ranker<'a, C> {
    slots: &'a [Option<Slot>],
    prepared: &'a PreparedQuery<'a>,
    scores: Scores<'a>,
    cosine: C,
    best: &'a mut TopK<RankedMemory>,
    /// The scores of the current run's members.
    surroundings: Surroundings,
}

impl<'a, C: Fn(u32) -> f32> Ranker<'a, C> {
    pub(super) fn new(
        slots: &'a [Option<Slot>],
        prepared: &'a PreparedQuery<'a>,
        scores: Scores<'a>,
        cosine: C,
        best: &'a mut TopK<RankedMemory>,
    ) -> Self {
        Self { slots, prepared, scores, cosine, best, surroundings: Surroundings::default() }
    }

    /// Ranks all memories without a run.
    pub(super) fn offer_all_without_run(&mut self) {
        let Scores { words, dense, upper_bounds, .. } = &self.scores;
        let own = words.lexical.iter().zip(dense).zip(upper_bounds);
        let bounds =
            own.map(|((lexical, dense), bound)| bound + Features::context_upper_bound_without_run(*lexical, *dense));
        let mut bounds: Vec<f32> = bounds.collect();
        // After the most promising ones hardly any other needs a look at its vectors and slot, which are not in the
        // cache.
        let mut promising = TopK::new(self.best.take());
        let mut from = 0;
        while let Some(slot_number) = promising.next_admitted(&bounds, from) {
            promising.push(bounds[slot_number], slot_number as u64, slot_number);
            from = slot_number + 1;
        }
        for slot_number in promising.into_sorted() {
            self.offer_without_run(slot_number as u32);
            // NaN is never admitted.
            bounds[slot_number] = f32::NAN;
        }
        from = 0;
        while let Some(slot_number) = self.best.next_admitted(&bounds, from) {
            self.offer_without_run(slot_number as u32);
            from = slot_number + 1;
        }
    }

    /// Ranks a memory if it has no run.
    pub(super) fn offer_without_run(&mut self, slot_number: u32) {
        if !self.may_be_a_result(slot_number, &Context::without_run(self.scores.own_score(slot_number))) {
            return;
        }
        self.scores.set_exact(slot_number, || (self.cosine)(slot_number));
        let context = Context::without_run(self.scores.own_score(slot_number));
        if self.may_be_a_result(slot_number, &context) && self.slot(slot_number).is_some_and(|slot| slot.run.is_none())
        {
            self.offer(slot_number, &context, None);
        }
    }

    /// Ranks the members of runs that `is_candidate` accepts, the most promising runs first.
    pub(super) fn offer_runs<'r>(
        &mut self,
        runs: impl Iterator<Item = &'r [Member]>,
        is_candidate: impl Fn(u32) -> bool,
    ) {
        let mut promising: Vec<(f32, &[Member])> = runs.map(|run| (self.run_upper_bound(run), run)).collect();
        promising.sort_unstable_by(|(a, _), (b, _)| b.total_cmp(a));
        for (bound, members) in promising {
            if !self.best.admits(bound) {
                return;
            }
            self.offer_run(members, &is_candidate);
        }
    }

    /// An upper bound of the score of any member: the best member, if all its neighbours were as good as the best of
    /// them.
    fn run_upper_bound(&self, members: &[Member]) -> f32 {
        let (mut bound, mut neighbour) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
        for member in members {
            bound = bound.max(self.scores.upper_bounds[member.slot as usize]);
            neighbour = neighbour.max(self.scores.own_score(member.slot));
        }
        bound + Features::context_upper_bound_by(neighbour)
    }

    fn offer_run(&mut self, members: &[Member], is_candidate: impl Fn(u32) -> bool) {
        self.surroundings.enter(members, |slot_number| self.scores.own_score(slot_number));
        let may_be_a_result = |ranker: &Self, (at, member): (usize, &Member)| {
            // Closeness in time is the most expensive part, so it comes last.
            ranker.may_be_a_result(member.slot, &ranker.surroundings.upper_bound(members, at))
                && is_candidate(member.slot)
        };
        if !members.iter().enumerate().any(|member| may_be_a_result(self, member)) {
            return;
        }
        for member in members {
            self.scores.set_exact(member.slot, || (self.cosine)(member.slot));
        }
        self.surroundings.enter(members, |slot_number| self.scores.own_score(slot_number));
        for (at, member) in members.iter().enumerate() {
            if may_be_a_result(self, (at, member)) {
                self.offer(member.slot, &self.surroundings.context(members, at), Some((members, at)));
            }
        }
    }

    /// A cheap upper bound, which excludes nearly all memories.
    fn may_be_a_result(&self, slot_number: u32, context: &Context) -> bool {
        self.best.admits(self.scores.upper_bounds[slot_number as usize] + Features::context_upper_bound(context))
    }

    fn slot(&self, slot_number: u32) -> Option<&'a Slot> {
        self.slots[slot_number as usize].as_ref()
    }

    fn offer(&mut self, slot_number: u32, context: &Context, run: Option<(&[Member], usize)>) {
        let Some(slot) = self.slot(slot_number) else { return };
        let dense = self.scores.dense[slot_number as usize];
        if dense == f32::NEG_INFINITY || slot.is_hidden(self.prepared.shown, self.prepared.now) {
            return;
        }
        let flag = |on: bool| f32::from(u8::from(on));
        let mut features = self.prepared.features;
        features.set_own(self.scores.words.lexical[slot_number as usize], dense);
        features.set(Feature::InRun, flag(run.is_some()));
        features.set(Feature::IsQuestion, flag(slot.is_question));
        features.set(Feature::TagNamed, flag(self.scores.named[slot_number as usize]));
        features.set_context(context);
        features.set(Feature::Feedback, slot.feedback_value());
        let closeness = self.prepared.window.map(|window| slot.closeness(&window));
        features.set(Feature::Time, closeness.unwrap_or_default());
        features.set(Feature::Salience, slot.salience.at(self.prepared.now) as f32);
        let sum = features.sum();
        if !self.best.admits(sum) {
            return;
        }
        let lender = run.and_then(|(members, at)| members.get(at.checked_add_signed(features.strongest_lender()?)?));
        let by = lender.map(|member| member.number);
        let found = RankedMemory { number: slot.number, content: slot.content, sectors: slot.sectors, features, by };
        self.best.push(sum, slot.number, found);
    }
}

//! Which memories of a partition are the best? One walk over them, by what their words and vectors say.

use super::Found;
use super::meaning::Meaning;
use super::prepared_query::PreparedQuery;
use super::runs::{Context, Member, Surroundings};
use super::score::{Feature, Features, alone};
use super::slot::Slot;
use super::top_k::TopK;

/// What the words of the slots say.
pub(super) struct Words {
    pub(super) lexical: Vec<f32>,
    /// The share of the query's words that each has; empty where that does not count.
    pub(super) covered: Vec<f32>,
}

impl Words {
    fn covered(&self, slot: usize) -> f32 {
        self.covered.get(slot).copied().unwrap_or_default()
    }
}

/// What the words and vectors of the slots alone say.
pub(super) struct Scores<'a> {
    words: Words,
    /// Each slot's dense part where that is known, and no less than it elsewhere. Negative infinity where there is no
    /// vector to compare.
    dense: Vec<f32>,
    known: Vec<bool>,
    meaning: Meaning,
    presence: &'a [f32],
    named: Vec<bool>,
    /// No less than the sum of a slot's features without what its run lends it.
    most: Vec<f32>,
}

impl<'a> Scores<'a> {
    /// `cosines` are no less than each slot's highest; `presence` is [`Slot::presence_upper_bound`] of each; `named` are the slots
    /// with a tag that the query names.
    pub(super) fn new(
        words: Words,
        cosines: Vec<f32>,
        meaning: Meaning,
        presence: &'a [f32],
        named: impl Iterator<Item = u32>,
    ) -> Self {
        let mut dense = cosines;
        dense.iter_mut().enumerate().for_each(|(slot, dense)| *dense = meaning.dense(*dense, words.covered(slot)));
        let own = words.lexical.iter().zip(&dense).zip(presence);
        let most =
            own.map(|((lexical, dense), presence)| Features::own_upper_bound(*lexical, *dense, *presence)).collect();
        let (known, tagged) = (vec![false; dense.len()], named);
        let mut scores = Self { named: vec![false; dense.len()], words, dense, known, meaning, presence, most };
        for slot in tagged.map(|slot| slot as usize) {
            if !std::mem::replace(&mut scores.named[slot], true) {
                scores.most[slot] += Feature::TagNamed.weight();
            }
        }
        scores
    }

    /// Notes what a slot's highest cosine is.
    fn learn(&mut self, slot: u32, cosine: impl FnOnce() -> f32) {
        let slot = slot as usize;
        if std::mem::replace(&mut self.known[slot], true) {
            return;
        }
        self.dense[slot] = self.meaning.dense(cosine(), self.words.covered(slot));
        self.most[slot] = Features::own_upper_bound(self.words.lexical[slot], self.dense[slot], self.presence[slot]);
        if self.named[slot] {
            self.most[slot] += Feature::TagNamed.weight();
        }
    }

    /// What a slot lends to others and gets from itself; no less where its cosine is not known.
    fn alone(&self, slot: u32) -> f32 {
        let dense = self.dense[slot as usize];
        if dense == f32::NEG_INFINITY { 0.0 } else { alone(self.words.lexical[slot as usize], dense) }
    }
}

/// `C` gives a slot's highest cosine.
pub(super) struct Ranker<'a, C> {
    slots: &'a [Option<Slot>],
    prepared: &'a PreparedQuery<'a>,
    scores: Scores<'a>,
    cosine: C,
    best: &'a mut TopK<Found>,
    /// Of the members of the run at hand.
    surroundings: Surroundings,
}

impl<'a, C: Fn(u32) -> f32> Ranker<'a, C> {
    pub(super) fn new(
        slots: &'a [Option<Slot>],
        prepared: &'a PreparedQuery<'a>,
        scores: Scores<'a>,
        cosine: C,
        best: &'a mut TopK<Found>,
    ) -> Self {
        Self { slots, prepared, scores, cosine, best, surroundings: Surroundings::default() }
    }

    /// Offers all memories that have no run.
    pub(super) fn offer_all_alone(&mut self) {
        let Scores { words, dense, most, .. } = &self.scores;
        let own = words.lexical.iter().zip(dense).zip(most);
        let most = own.map(|((lexical, dense), most)| most + Features::context_upper_bound_alone(*lexical, *dense));
        let mut most: Vec<f32> = most.collect();
        // After those that promise most hardly any other is worth a look at its vectors and slot, which lie in no cache.
        let mut promising = TopK::new(self.best.take());
        let mut from = 0;
        while let Some(place) = promising.next_admitted(&most, from) {
            promising.push(most[place], place as u64, place);
            from = place + 1;
        }
        for place in promising.into_sorted() {
            self.offer_alone(place as u32);
            // Nothing admits what is no number.
            most[place] = f32::NAN;
        }
        from = 0;
        while let Some(place) = self.best.next_admitted(&most, from) {
            self.offer_alone(place as u32);
            from = place + 1;
        }
    }

    /// Offers a memory, if it has no run.
    pub(super) fn offer_alone(&mut self, place: u32) {
        if !self.may_be_among_the_best(place, &Context::of_none(self.scores.alone(place))) {
            return;
        }
        self.scores.learn(place, || (self.cosine)(place));
        let context = Context::of_none(self.scores.alone(place));
        if self.may_be_among_the_best(place, &context) && self.slot(place).is_some_and(|slot| slot.run.is_none()) {
            self.offer(place, &context, None);
        }
    }

    /// Offers the wanted members of runs, those of the most promising runs first.
    pub(super) fn offer_runs<'r>(&mut self, runs: impl Iterator<Item = &'r [Member]>, wanted: impl Fn(u32) -> bool) {
        let mut promising: Vec<(f32, &[Member])> = runs.map(|run| (self.most_of(run), run)).collect();
        promising.sort_unstable_by(|(a, _), (b, _)| b.total_cmp(a));
        for (most, members) in promising {
            if !self.best.admits(most) {
                return;
            }
            self.offer_run(members, &wanted);
        }
    }

    /// No less than the sum of any member of a run: the best of them, were it between four that are as good.
    fn most_of(&self, members: &[Member]) -> f32 {
        let (mut own, mut alone) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
        for member in members {
            own = own.max(self.scores.most[member.slot as usize]);
            alone = alone.max(self.scores.alone(member.slot));
        }
        own + Features::most_lent_by(alone)
    }

    fn offer_run(&mut self, members: &[Member], wanted: impl Fn(u32) -> bool) {
        self.surroundings.enter(members, |place| self.scores.alone(place));
        let may_be = |seek: &Self, (at, member): (usize, &Member)| {
            // Closeness in time takes longer to find out than all the rest.
            seek.may_be_among_the_best(member.slot, &seek.surroundings.most(members, at)) && wanted(member.slot)
        };
        if !members.iter().enumerate().any(|member| may_be(self, member)) {
            return;
        }
        for member in members {
            self.scores.learn(member.slot, || (self.cosine)(member.slot));
        }
        self.surroundings.enter(members, |place| self.scores.alone(place));
        for (at, member) in members.iter().enumerate() {
            if may_be(self, (at, member)) {
                self.offer(member.slot, &self.surroundings.context(members, at), Some((members, at)));
            }
        }
    }

    /// What a memory can have at most is known from few numbers, and disposes of nearly all.
    fn may_be_among_the_best(&self, place: u32, context: &Context) -> bool {
        self.best.admits(self.scores.most[place as usize] + Features::context_upper_bound(context))
    }

    fn slot(&self, place: u32) -> Option<&'a Slot> {
        self.slots[place as usize].as_ref()
    }

    fn offer(&mut self, place: u32, context: &Context, among: Option<(&[Member], usize)>) {
        let Some(slot) = self.slot(place) else { return };
        let dense = self.scores.dense[place as usize];
        if dense == f32::NEG_INFINITY || self.prepared.alive_at.is_some_and(|now| slot.expires_at <= now) {
            return;
        }
        let flag = |on: bool| f32::from(u8::from(on));
        let mut features = self.prepared.features;
        features.set_own(self.scores.words.lexical[place as usize], dense);
        features.set(Feature::InRun, flag(among.is_some()));
        features.set(Feature::IsQuestion, flag(slot.is_question));
        features.set(Feature::TagNamed, flag(self.scores.named[place as usize]));
        features.set_context(context);
        features.set(Feature::Feedback, slot.opinion());
        features.set(Feature::Salience, slot.salience.at(self.prepared.now) as f32);
        let sum = features.sum();
        if !self.best.admits(sum) {
            return;
        }
        let lender = among.and_then(|(members, at)| members.get(at.checked_add_signed(features.strongest_lender()?)?));
        let by = lender.map(|member| member.number);
        let found = Found { number: slot.number, content: slot.content, sectors: slot.sectors, features, by };
        self.best.push(sum, slot.number, found);
    }
}

//! The memories of one user, and what a query makes of them.

use std::collections::HashMap;

use super::dense::Dense;
use super::document::Indexed;
use super::lexical::{Lexical, Totals};
use super::postings::Postings;
use super::prepared_query::PreparedQuery;
use super::quantise::QueryVector;
use super::rank::{Ranker, Scores, Words};
use super::runs::{Member, Runs};
use super::slot::Slot;
use super::top_k::TopK;
use super::words::phrase;
use super::{CandidateSet, Found};
use openmemory_domain::{Dynamics, Timestamp};

pub(super) struct Partition {
    slots: Vec<Option<Slot>>,
    /// [`Slot::presence_upper_bound`] of each slot: close together, since a search looks at all.
    presence: Vec<f32>,
    free: Vec<u32>,
    places: HashMap<u64, u32>,
    dense: Dense,
    lexical: Lexical,
    tags: Postings,
    runs: Runs,
}

/// To which memories a search is confined: their places, and the runs that these are in, both in rising order.
struct Wanted {
    places: Vec<u32>,
    runs: Vec<u32>,
}

impl Partition {
    pub(super) fn new(dimensions: usize) -> Self {
        Self {
            slots: Vec::new(),
            presence: Vec::new(),
            free: Vec::new(),
            places: HashMap::new(),
            dense: Dense::new(dimensions),
            lexical: Lexical::default(),
            tags: Postings::default(),
            runs: Runs::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn memories(&self) -> usize {
        self.places.len()
    }

    pub(super) fn vectors(&self) -> usize {
        self.dense.vectors()
    }

    pub(super) fn lexical(&self) -> &Lexical {
        &self.lexical
    }

    pub(super) fn totals(&self) -> &Totals {
        self.lexical.totals()
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.slots.capacity() * size_of::<Option<Slot>>()
            + self.presence.capacity() * size_of::<f32>()
            + self.places.capacity() * (size_of::<(u64, u32)>() + 1)
            + self.dense.bytes()
            + self.lexical.bytes()
            + self.tags.bytes()
            + self.runs.bytes()
    }

    pub(super) fn replace(&mut self, indexed: &Indexed) {
        let place = match self.places.get(&indexed.number).copied() {
            Some(place) => {
                self.leave_run(place);
                place
            }
            None => self.new_place(indexed.number),
        };
        let run = indexed.run.as_deref().map(|run| {
            let Indexed { created_at, number, is_question, .. } = *indexed;
            self.runs.insert(run, Member { created_at, number, slot: place, is_question })
        });
        self.dense.replace(place, &indexed.vectors);
        self.lexical.replace(place, &indexed.terms);
        self.tags.replace(place, &indexed.tags);
        let slot = Slot {
            number: indexed.number,
            content: indexed.content,
            sectors: indexed.sectors,
            created_at: indexed.created_at,
            expires_at: indexed.expires_at.unwrap_or(Timestamp::LAST),
            run,
            is_question: indexed.is_question,
            salience: indexed.salience,
            feedback: indexed.feedback,
        };
        self.presence[place as usize] = slot.presence_upper_bound();
        self.slots[place as usize] = Some(slot);
    }

    fn new_place(&mut self, number: u64) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.presence.push(0.0);
            (self.slots.len() - 1) as u32
        });
        self.places.insert(number, place);
        place
    }

    /// Changes what can change without the text.
    pub(super) fn describe(&mut self, number: u64, tags: &[(String, u16)], expires_at: Option<Timestamp>) {
        let Some(place) = self.places.get(&number) else { return };
        self.tags.replace(*place, tags);
        if let Some(slot) = &mut self.slots[*place as usize] {
            slot.expires_at = expires_at.unwrap_or(Timestamp::LAST);
        }
    }

    pub(super) fn set_dynamics(&mut self, number: u64, dynamics: &Dynamics) {
        let Some(place) = self.places.get(&number).map(|place| *place as usize) else { return };
        if let Some(slot) = &mut self.slots[place] {
            (slot.salience, slot.feedback) = (dynamics.salience(), dynamics.feedback);
            self.presence[place] = slot.presence_upper_bound();
        }
    }

    pub(super) fn remove(&mut self, number: u64) -> bool {
        let Some(place) = self.places.remove(&number) else { return false };
        self.leave_run(place);
        self.dense.remove(place);
        self.lexical.remove(place);
        self.tags.remove(place);
        self.slots[place as usize] = None;
        self.free.push(place);
        true
    }

    fn leave_run(&mut self, place: u32) {
        if let Some(slot) = &mut self.slots[place as usize]
            && let Some(run) = slot.run.take()
        {
            self.runs.remove(run, slot.created_at, slot.number);
        }
    }

    pub(super) fn search(&self, arch: pulp::Arch, prepared: &PreparedQuery<'_>, best: &mut TopK<Found>) {
        let wanted = prepared.among.and_then(|among| self.wanted(among));
        if wanted.as_ref().is_some_and(|wanted| wanted.places.is_empty()) {
            return;
        }
        let scores = self.scores(arch, prepared, wanted.as_ref());
        let cosine = |place| self.dense.cosine(arch, &prepared.vector, prepared.mask, place);
        let mut seek = Ranker::new(&self.slots, prepared, scores, cosine, best);
        match wanted {
            None => {
                seek.offer_runs(self.runs.all(), |_| true);
                seek.offer_all_alone();
            }
            Some(Wanted { places, runs }) => {
                places.iter().for_each(|place| seek.offer_alone(*place));
                let runs = runs.into_iter().map(|run| self.runs.members(run));
                seek.offer_runs(runs, |place| places.binary_search(&place).is_ok());
            }
        }
    }

    /// The nearest memories whose cosine is `floor` or more; in a large partition one is missed now and then.
    pub(super) fn nearest(&self, arch: pulp::Arch, probe: &QueryVector, floor: f32, best: &mut TopK<(u64, f32)>) {
        for (place, cosine) in self.dense.nearest(arch, probe, floor) {
            if let Some(slot) = &self.slots[place as usize] {
                best.push(cosine, slot.number, (slot.number, cosine));
            }
        }
    }

    /// None where that is as good as all.
    fn wanted(&self, among: &CandidateSet<'_>) -> Option<Wanted> {
        let mut places: Vec<u32> = match among {
            CandidateSet::Run(name) => self.runs.of(name).iter().map(|member| member.slot).collect(),
            CandidateSet::Tag(tag) => {
                let phrase = phrase(tag);
                if phrase.is_empty() {
                    return None;
                }
                self.tags.of(&phrase).iter().map(|posting| posting.slot).collect()
            }
            CandidateSet::Numbers(numbers) => {
                numbers.iter().filter_map(|number| self.places.get(number)).copied().collect()
            }
        };
        places.sort_unstable();
        // Ids may name one memory twice.
        places.dedup();
        let mut runs: Vec<u32> = places.iter().filter_map(|place| self.slots[*place as usize].as_ref()?.run).collect();
        runs.sort_unstable();
        runs.dedup();
        Some(Wanted { places, runs })
    }

    /// Where only some places are wanted, nothing is found out beforehand about the vectors of all, if that is less.
    fn scores(&self, arch: pulp::Arch, prepared: &PreparedQuery<'_>, wanted: Option<&Wanted>) -> Scores<'_> {
        let mut lexical = vec![0.0; self.slots.len()];
        self.lexical.score(&prepared.words, &mut lexical);
        let mut dense = vec![f32::NEG_INFINITY; self.slots.len()];
        let compared = wanted.map(|wanted| self.with_their_runs(wanted));
        match compared.filter(|compared| compared.len() * 2 < self.places.len()) {
            Some(places) => places.into_iter().for_each(|place| dense[place as usize] = f32::INFINITY),
            None => self.dense.most(arch, &prepared.vector, prepared.mask, &mut dense),
        }
        let named = prepared.phrases.iter().flat_map(|phrase| self.tags.of(phrase)).map(|posting| posting.slot);
        let covered = match prepared.meaning.needs_words() {
            true => self.lexical.covered(prepared.words.totals(), &lexical),
            false => Vec::new(),
        };
        Scores::new(Words { lexical, covered }, dense, prepared.meaning, &self.presence, named)
    }

    fn with_their_runs(&self, Wanted { places, runs }: &Wanted) -> Vec<u32> {
        let is_alone = |place: &u32| self.slots[*place as usize].as_ref().is_some_and(|slot| slot.run.is_none());
        let members = runs.iter().flat_map(|run| self.runs.members(*run)).map(|member| member.slot);
        places.iter().copied().filter(is_alone).chain(members).collect()
    }
}

//! The memories of one user, and what a query makes of them.

use std::collections::{HashMap, HashSet};

use super::best::Best;
use super::dense::Dense;
use super::entry::Indexed;
use super::lexical::{Lexical, QueryWords, Totals};
use super::meaning::Meaning;
use super::postings::Postings;
use super::quantise::Probe;
use super::runs::{Member, Runs};
use super::score::Parts;
use super::seek::{Scores, Seek, Words};
use super::words::phrase;
use super::{Among, Found, SectorMask};
use openmemory_domain::{ContentHash, Dynamics, Feedback, Salience, Timestamp};

/// A query in the forms that a partition compares.
pub(super) struct Probes<'a> {
    pub(super) words: QueryWords,
    /// What tags could be called in it.
    pub(super) phrases: HashSet<String>,
    /// Its cosines come multiplied by the factor of `meaning`.
    pub(super) vector: Probe,
    pub(super) meaning: Meaning,
    /// What is the same for every memory.
    pub(super) parts: Parts,
    pub(super) mask: Option<SectorMask>,
    /// Memories expired until then are hidden; none are if there is no time.
    pub(super) alive_at: Option<Timestamp>,
    pub(super) now: Timestamp,
    /// Only these.
    pub(super) among: Option<&'a Among<'a>>,
}

pub(super) struct Partition {
    slots: Vec<Option<Slot>>,
    /// [`Slot::most_presence`] of each slot: close together, since a search looks at all.
    presence: Vec<f32>,
    free: Vec<u32>,
    places: HashMap<u64, u32>,
    dense: Dense,
    lexical: Lexical,
    tags: Postings,
    runs: Runs,
}

/// What is known of a memory besides its words and vectors.
pub(super) struct Slot {
    pub(super) number: u64,
    pub(super) content: ContentHash,
    pub(super) sectors: SectorMask,
    created_at: Timestamp,
    /// The end of time where it never does.
    pub(super) expires_at: Timestamp,
    pub(super) run: Option<u32>,
    pub(super) is_question: bool,
    pub(super) salience: Salience,
    pub(super) feedback: Option<Feedback>,
}

impl Slot {
    /// No less than what salience and opinion add to its score at any time.
    fn most_presence(&self) -> f32 {
        Parts::presence(self.salience.highest() as f32, self.opinion())
    }

    /// What was thought of it, as a part of its score.
    pub(super) fn opinion(&self) -> f32 {
        match self.feedback {
            None => 0.0,
            Some(Feedback::Positive) => 1.0,
            Some(Feedback::Negative) => -1.0,
            Some(Feedback::VeryNegative) => -2.0,
        }
    }
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
        self.presence[place as usize] = slot.most_presence();
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
            self.presence[place] = slot.most_presence();
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

    pub(super) fn search(&self, arch: pulp::Arch, probes: &Probes<'_>, best: &mut Best<Found>) {
        let wanted = probes.among.and_then(|among| self.wanted(among));
        if wanted.as_ref().is_some_and(|wanted| wanted.places.is_empty()) {
            return;
        }
        let scores = self.scores(arch, probes, wanted.as_ref());
        let cosine = |place| self.dense.cosine(arch, &probes.vector, probes.mask, place);
        let mut seek = Seek::new(&self.slots, probes, scores, cosine, best);
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
    pub(super) fn nearest(&self, arch: pulp::Arch, probe: &Probe, floor: f32, best: &mut Best<(u64, f32)>) {
        for (place, cosine) in self.dense.nearest(arch, probe, floor) {
            if let Some(slot) = &self.slots[place as usize] {
                best.push(cosine, slot.number, (slot.number, cosine));
            }
        }
    }

    /// None where that is as good as all.
    fn wanted(&self, among: &Among<'_>) -> Option<Wanted> {
        let mut places: Vec<u32> = match among {
            Among::Run(name) => self.runs.of(name).iter().map(|member| member.slot).collect(),
            Among::Tag(tag) => {
                let phrase = phrase(tag);
                if phrase.is_empty() {
                    return None;
                }
                self.tags.of(&phrase).iter().map(|posting| posting.slot).collect()
            }
            Among::Numbers(numbers) => numbers.iter().filter_map(|number| self.places.get(number)).copied().collect(),
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
    fn scores(&self, arch: pulp::Arch, probes: &Probes<'_>, wanted: Option<&Wanted>) -> Scores<'_> {
        let mut lexical = vec![0.0; self.slots.len()];
        self.lexical.score(&probes.words, &mut lexical);
        let mut dense = vec![f32::NEG_INFINITY; self.slots.len()];
        let compared = wanted.map(|wanted| self.with_their_runs(wanted));
        match compared.filter(|compared| compared.len() * 2 < self.places.len()) {
            Some(places) => places.into_iter().for_each(|place| dense[place as usize] = f32::INFINITY),
            None => self.dense.most(arch, &probes.vector, probes.mask, &mut dense),
        }
        let named = probes.phrases.iter().flat_map(|phrase| self.tags.of(phrase)).map(|posting| posting.slot);
        let covered = match probes.meaning.needs_words() {
            true => self.lexical.covered(probes.words.totals(), &lexical),
            false => Vec::new(),
        };
        Scores::new(Words { lexical, covered }, dense, probes.meaning, &self.presence, named)
    }

    fn with_their_runs(&self, Wanted { places, runs }: &Wanted) -> Vec<u32> {
        let is_alone = |place: &u32| self.slots[*place as usize].as_ref().is_some_and(|slot| slot.run.is_none());
        let members = runs.iter().flat_map(|run| self.runs.members(*run)).map(|member| member.slot);
        places.iter().copied().filter(is_alone).chain(members).collect()
    }
}

//! How are the memories of one user stored and searched?

use foldhash::{HashMap, HashMapExt};

use super::centroid::Centroid;
use super::dense::Dense;
use super::dense::WrongDimensions;
use super::document::Entry;
use super::lexical::{Lexical, Totals};
use super::postings::Postings;
use super::prepared_query::PreparedQuery;
use super::quantise::{Batch, QueryVector};
use super::rank::{Ranker, Scores, WordScores};
use super::runs::{Member, Runs};
use super::sector_mask::SectorMask;
use super::slot::{Slot, happened};
use super::tags::Tags;
use super::top_k::TopK;
use super::words::phrase;
use super::{CandidateSet, RankedMemory};
use openmemory_domain::{Dynamics, Timestamp, Validity};

/// The memories of one user.
pub struct Partition {
    arch: pulp::Arch,
    slots: Vec<Option<Slot>>,
    /// [`Slot::dynamics_upper_bound`] of each slot, contiguous because every search reads all of them.
    dynamics_bounds: Vec<f32>,
    free: Vec<u32>,
    numbers: HashMap<u64, u32>,
    dense: Dense,
    lexical: Lexical,
    tags: Postings,
    runs: Runs,
}

/// The memories to which a search is restricted: their slots and runs, both sorted.
struct Candidates {
    slots: Vec<u32>,
    runs: Vec<u32>,
}

impl Partition {
    /// An empty partition for vectors of `dimensions` numbers.
    pub fn new(dimensions: usize) -> Self {
        Self {
            arch: pulp::Arch::new(),
            slots: Vec::new(),
            dynamics_bounds: Vec::new(),
            free: Vec::new(),
            numbers: HashMap::new(),
            dense: Dense::new(dimensions),
            lexical: Lexical::default(),
            tags: Postings::default(),
            runs: Runs::default(),
        }
    }

    pub fn memories(&self) -> usize {
        self.numbers.len()
    }

    /// The numbers of the memories, in any order.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        self.numbers.keys().copied()
    }

    pub fn contains(&self, number: u64) -> bool {
        self.numbers.contains_key(&number)
    }

    pub fn vectors(&self) -> usize {
        self.dense.vectors()
    }

    pub(super) fn lexical(&self) -> &Lexical {
        &self.lexical
    }

    pub(super) fn centroid(&self) -> &Centroid {
        self.dense.centroid()
    }

    pub(super) fn totals(&self) -> &Totals {
        self.lexical.totals()
    }

    /// Approximate allocated bytes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.slots.capacity() * size_of::<Option<Slot>>()
            + self.dynamics_bounds.capacity() * size_of::<f32>()
            + self.numbers.capacity() * (size_of::<(u64, u32)>() + 1)
            + self.dense.bytes()
            + self.lexical.bytes()
            + self.tags.bytes()
            + self.runs.bytes()
    }

    /// Replaces all that is indexed of a memory. A memory that no query can find is removed.
    pub fn put(&mut self, entry: &Entry<'_>) -> Result<(), WrongDimensions> {
        entry.vectors.iter().try_for_each(|(vector, _)| self.dense.check(vector.dimensions()))?;
        let sectors = entry.vectors.iter().map(|(_, mask)| *mask).reduce(SectorMask::union);
        let Some(sectors) = sectors.filter(|_| entry.has_text()) else {
            self.remove(entry.number);
            return Ok(());
        };
        let slot = match self.numbers.get(&entry.number).copied() {
            Some(slot) => {
                self.leave_run(slot);
                slot
            }
            None => self.new_slot(entry.number),
        };
        let Entry { number, content, created_at, .. } = *entry;
        let is_question = entry.terms.is_question;
        let run = entry.run.map(|run| self.runs.insert(run, Member { created_at, number, slot, is_question }));
        self.dense.replace(slot, &Batch::new(&entry.vectors));
        self.lexical.replace(slot, entry.terms);
        self.tags.replace(slot, entry.tags.phrases().map(|phrase| (phrase, 1)));
        let entry = Slot {
            number,
            content,
            sectors,
            created_at,
            expires_at: entry.expires_at.unwrap_or(Timestamp::LAST),
            over_at: entry.validity.end().unwrap_or(Timestamp::LAST),
            happened: happened(&entry.validity),
            run,
            is_question,
            salience: entry.dynamics.salience(),
            feedback: entry.dynamics.feedback,
        };
        self.dynamics_bounds[slot as usize] = entry.dynamics_upper_bound();
        self.slots[slot as usize] = Some(entry);
        Ok(())
    }

    fn new_slot(&mut self, number: u64) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.dynamics_bounds.push(0.0);
            (self.slots.len() - 1) as u32
        });
        self.numbers.insert(number, slot);
        slot
    }

    /// Changes tags and until when the memory is shown, without touching text and vectors.
    pub fn set_labels(&mut self, number: u64, tags: &Tags, expires_at: Option<Timestamp>, validity: &Validity) {
        let Some(slot) = self.numbers.get(&number) else { return };
        self.tags.replace(*slot, tags.phrases().map(|phrase| (phrase, 1)));
        if let Some(entry) = &mut self.slots[*slot as usize] {
            entry.expires_at = expires_at.unwrap_or(Timestamp::LAST);
            entry.over_at = validity.end().unwrap_or(Timestamp::LAST);
            entry.happened = happened(validity);
        }
    }

    /// Changes salience and feedback.
    pub fn set_dynamics(&mut self, number: u64, dynamics: &Dynamics) {
        let Some(slot) = self.numbers.get(&number).map(|slot| *slot as usize) else { return };
        if let Some(entry) = &mut self.slots[slot] {
            (entry.salience, entry.feedback) = (dynamics.salience(), dynamics.feedback);
            self.dynamics_bounds[slot] = entry.dynamics_upper_bound();
        }
    }

    /// Removes a memory; `false` if it was not indexed.
    pub fn remove(&mut self, number: u64) -> bool {
        let Some(slot) = self.numbers.remove(&number) else { return false };
        self.leave_run(slot);
        self.dense.remove(slot);
        self.lexical.remove(slot);
        self.tags.remove(slot);
        self.slots[slot as usize] = None;
        self.free.push(slot);
        true
    }

    fn leave_run(&mut self, slot: u32) {
        if let Some(slot) = &mut self.slots[slot as usize]
            && let Some(run) = slot.run.take()
        {
            self.runs.remove(run, slot.created_at, slot.number);
        }
    }

    pub(super) fn search(&self, prepared: &PreparedQuery<'_>, best: &mut TopK<RankedMemory>) {
        let candidates = prepared.candidates.and_then(|set| self.candidates(set));
        if candidates.as_ref().is_some_and(|candidates| candidates.slots.is_empty()) {
            return;
        }
        let scores = self.scores(prepared, candidates.as_ref());
        let cosine = |slot| self.dense.cosine(self.arch, &prepared.vector, prepared.mask, slot);
        let mut ranker = Ranker::new(&self.slots, prepared, scores, cosine, best);
        match candidates {
            None => {
                ranker.offer_runs(self.runs.all(), |_| true);
                ranker.offer_all_without_run();
            }
            Some(Candidates { slots, runs }) => {
                slots.iter().for_each(|slot| ranker.offer_without_run(*slot));
                let runs = runs.into_iter().map(|run| self.runs.members(run));
                ranker.offer_runs(runs, |slot| slots.binary_search(&slot).is_ok());
            }
        }
    }

    /// The `take` nearest memories with a cosine to `vector` of at least `floor`, nearest first. In a large partition
    /// the search is approximate and may miss one (`simhash.rs`).
    pub fn nearest(&self, vector: &[f32], take: usize, floor: f32) -> Result<Vec<(u64, f32)>, WrongDimensions> {
        self.dense.check(vector.len())?;
        let mut best = TopK::new(take);
        for (slot, cosine) in self.dense.nearest(self.arch, &QueryVector::new(vector), take, floor) {
            if let Some(slot) = &self.slots[slot as usize] {
                best.push(cosine, slot.number, (slot.number, cosine));
            }
        }
        Ok(best.into_sorted())
    }

    /// The vectors of a memory, ready to be compared; none if it is not here.
    pub(super) fn vectors_of(&self, number: u64) -> Vec<QueryVector> {
        self.numbers.get(&number).map_or_else(Vec::new, |slot| self.dense.vectors_of(*slot))
    }

    /// The highest cosine of a memory's vectors and these; negative infinity if it is not here.
    pub(super) fn highest_cosine(&self, number: u64, vectors: &[QueryVector]) -> f32 {
        let Some(slot) = self.numbers.get(&number) else { return f32::NEG_INFINITY };
        let cosines = vectors.iter().map(|vector| self.dense.cosine(self.arch, vector, None, *slot));
        cosines.fold(f32::NEG_INFINITY, f32::max)
    }

    pub(super) fn check(&self, dimensions: usize) -> Result<(), WrongDimensions> {
        self.dense.check(dimensions)
    }

    /// `None` if the set does not restrict the search.
    fn candidates(&self, set: &CandidateSet<'_>) -> Option<Candidates> {
        let mut slots: Vec<u32> = match set {
            CandidateSet::Run(name) => self.runs.find(name).iter().map(|member| member.slot).collect(),
            CandidateSet::Tag(tag) => {
                let phrase = phrase(tag);
                if phrase.is_empty() {
                    return None;
                }
                self.tags.of(&phrase).iter().map(|posting| posting.slot).collect()
            }
            CandidateSet::Numbers(numbers) => {
                numbers.iter().filter_map(|number| self.numbers.get(number)).copied().collect()
            }
        };
        slots.sort_unstable();
        // A memory may be named twice.
        slots.dedup();
        let mut runs: Vec<u32> = slots.iter().filter_map(|slot| self.slots[*slot as usize].as_ref()?.run).collect();
        runs.sort_unstable();
        runs.dedup();
        Some(Candidates { slots, runs })
    }

    /// If only a few slots are candidates, no bounds are computed for the vectors of all others.
    fn scores(&self, prepared: &PreparedQuery<'_>, candidates: Option<&Candidates>) -> Scores<'_> {
        let mut lexical = vec![0.0; self.slots.len()];
        self.lexical.score(&prepared.words, &mut lexical);
        let mut dense = vec![f32::NEG_INFINITY; self.slots.len()];
        let compared = candidates.map(|candidates| self.with_run_members(candidates));
        match compared.filter(|compared| compared.len() * 2 < self.numbers.len()) {
            Some(slots) => slots.into_iter().for_each(|slot| dense[slot as usize] = f32::INFINITY),
            None => self.dense.upper_bounds(self.arch, &prepared.vector, prepared.mask, &mut dense),
        }
        let named = prepared.phrases.iter().flat_map(|phrase| self.tags.of(phrase)).map(|posting| posting.slot);
        let coverage = match prepared.cosine_scale.needs_coverage() {
            true => self.lexical.coverage(prepared.words.totals(), &lexical),
            false => Vec::new(),
        };
        let (words, names_time) = (WordScores { lexical, coverage }, prepared.window.is_some());
        Scores::new(words, dense, prepared.cosine_scale, &self.dynamics_bounds, named, names_time)
    }

    fn with_run_members(&self, Candidates { slots, runs }: &Candidates) -> Vec<u32> {
        let has_no_run = |slot: &u32| self.slots[*slot as usize].as_ref().is_some_and(|slot| slot.run.is_none());
        let members = runs.iter().flat_map(|run| self.runs.members(*run)).map(|member| member.slot);
        slots.iter().copied().filter(has_no_run).chain(members).collect()
    }
}

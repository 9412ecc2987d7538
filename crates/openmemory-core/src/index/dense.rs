//! The vectors of one user, one after the other in memory.

use std::iter::successors;
use std::mem::size_of;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::SectorMask;
use super::blocks::{BLOCK, Blocks};
use super::quantise::{Batch, Probe, Row};
use super::scan::Scan;
use super::sketch::{self, Differences};

/// Rows for which one more thread is worth waking.
const SHARE: usize = 32 * BLOCK;

#[derive(Default)]
pub(super) struct Dense {
    /// Each describes the rows of `codes` and `sketches` in its place.
    rows: Vec<Row>,
    codes: Blocks<i8>,
    sketches: Blocks<u64>,
    /// A row of each slot, or [`NONE`].
    first: Vec<u32>,
    /// Of each row another one of its slot, or [`NONE`]: from the first on, each of them once.
    next: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Dense {
    pub(super) fn new(dimensions: usize) -> Self {
        let sketches = Blocks::new(sketch::words(dimensions));
        Self { codes: Blocks::new(dimensions), sketches, ..Self::default() }
    }

    pub(super) fn vectors(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.codes.bytes()
            + self.sketches.bytes()
            + self.rows.capacity() * size_of::<Row>()
            + (self.first.capacity() + self.next.capacity()) * size_of::<u32>()
    }

    /// Overwrites the slot's rows in place and adds or gives back the difference.
    pub(super) fn replace(&mut self, slot: u32, batch: &Batch) {
        if slot as usize >= self.first.len() {
            self.first.resize(slot as usize + 1, NONE);
        }
        for _ in batch.rows.len()..self.places(slot).count() {
            self.give_back(slot);
        }
        let mut known = self.first[slot as usize];
        let codes = batch.codes.chunks_exact(self.codes.width().max(1));
        let sketches = batch.sketches.chunks_exact(self.sketches.width().max(1));
        for (row, (codes, sketch)) in batch.rows.iter().zip(codes.zip(sketches)) {
            let row = Row { slot, ..*row };
            if known == NONE {
                let place = self.rows.len() as u32;
                self.next.push(std::mem::replace(&mut self.first[slot as usize], place));
                self.rows.push(row);
                self.codes.push(codes);
                self.sketches.push(sketch);
            } else {
                let place = known as usize;
                self.rows[place] = row;
                self.codes.row_mut(place).copy_from_slice(codes);
                self.sketches.row_mut(place).copy_from_slice(sketch);
                known = self.next[place];
            }
        }
    }

    pub(super) fn remove(&mut self, slot: u32) {
        while self.places(slot).next().is_some() {
            self.give_back(slot);
        }
    }

    fn places(&self, slot: u32) -> impl Iterator<Item = usize> {
        let row = |row: u32| (row != NONE).then_some(row as usize);
        let first = self.first.get(slot as usize).copied().and_then(row);
        successors(first, move |place| row(self.next[*place]))
    }

    /// Takes a row from a slot that has one, and fills its place with the last of the slab.
    fn give_back(&mut self, slot: u32) {
        let place = self.first[slot as usize];
        self.first[slot as usize] = self.next[place as usize];
        self.rows.swap_remove(place as usize);
        self.codes.swap_remove(place as usize);
        self.sketches.swap_remove(place as usize);
        self.next.swap_remove(place as usize);
        let last = self.rows.len() as u32;
        if place == last {
            return;
        }
        let mut link = &mut self.first[self.rows[place as usize].slot as usize];
        while *link != last {
            let row = *link as usize;
            link = &mut self.next[row];
        }
        *link = place;
    }

    /// Puts each slot's highest cosine into `best`, leaving what is there where it has no vector that `mask` admits.
    pub(super) fn score(&self, arch: pulp::Arch, probe: &Probe, mask: Option<SectorMask>, best: &mut [f32]) {
        let begun = AtomicUsize::new(0);
        let scan = |best: &mut [f32]| {
            loop {
                let block = begun.fetch_add(1, Ordering::Relaxed);
                let Some(rows) = self.rows.chunks(BLOCK).nth(block) else { return };
                let codes = self.codes.block(block);
                arch.dispatch(Scan { rows, codes, probe, mask, best: &mut *best });
            }
        };
        let helpers = self.rows.len() / SHARE;
        if helpers == 0 {
            return scan(best);
        }
        // What is in no cache is read faster by several processors.
        let helpers = helpers.min(rayon::current_num_threads().saturating_sub(1));
        let (slots, found) = (best.len(), Mutex::new(Vec::with_capacity(helpers)));
        rayon::in_place_scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|_| {
                    // One that comes too late for a block has nothing to tell.
                    if begun.load(Ordering::Relaxed) * BLOCK < self.rows.len() {
                        let mut best = vec![f32::NEG_INFINITY; slots];
                        scan(&mut best);
                        found.lock().push(best);
                    }
                });
            }
            scan(best);
        });
        for other in found.into_inner() {
            best.iter_mut().zip(other).for_each(|(best, cosine)| *best = best.max(cosine));
        }
    }

    /// The same for those slots that are nearest, roughly.
    pub(super) fn score_nearest(&self, arch: pulp::Arch, probe: &Probe, best: &mut [f32]) {
        let mut differences = Vec::with_capacity(self.rows.len());
        for rows in self.sketches.blocks() {
            arch.dispatch(Differences { rows, sketch: &probe.sketch, found: &mut differences });
        }
        for place in sketch::nearest(&differences) {
            self.score_row(arch, probe, None, place, best);
        }
    }

    /// The same for some slots.
    pub(super) fn score_some(
        &self,
        arch: pulp::Arch,
        probe: &Probe,
        mask: Option<SectorMask>,
        slots: impl Iterator<Item = u32>,
        best: &mut [f32],
    ) {
        for place in slots.flat_map(|slot| self.places(slot)) {
            self.score_row(arch, probe, mask, place, best);
        }
    }

    fn score_row(&self, arch: pulp::Arch, probe: &Probe, mask: Option<SectorMask>, place: usize, best: &mut [f32]) {
        let codes = self.codes.row(place);
        arch.dispatch(Scan { rows: &self.rows[place..=place], codes, probe, mask, best });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that say of which slot they are the how-manieth.
    fn batch(slot: u32, count: i8) -> Batch {
        let row = Row { slot: 0, scale: 1.0, mask: SectorMask::PASSAGE };
        Batch {
            rows: vec![row; count as usize],
            codes: (0..count).flat_map(|number| [slot as i8, number]).collect(),
            sketches: (0..count).map(|number| u64::from(slot) << 8 | number as u64).collect(),
        }
    }

    fn held(dense: &Dense, slot: u32) -> Vec<Vec<i8>> {
        let rows = dense.places(slot).inspect(|place| assert_eq!(dense.rows[*place].slot, slot));
        let row = |place| {
            let codes = dense.codes.row(place).to_vec();
            assert_eq!(dense.sketches.row(place), [u64::from(slot) << 8 | codes[1] as u64]);
            codes
        };
        let mut held: Vec<Vec<i8>> = rows.map(row).collect();
        held.sort();
        held
    }

    #[test]
    fn each_slot_keeps_its_rows_while_others_come_and_go() {
        let mut dense = Dense::new(2);
        let mut expected = [0i8; 7];
        // Every slot meets every number of rows, before and behind others that grow and shrink.
        for step in 0..500usize {
            let (slot, count) = (step * 5 % 7, (step * step / 3 % 6) as i8);
            match count {
                0 => dense.remove(slot as u32),
                _ => dense.replace(slot as u32, &batch(slot as u32, count)),
            }
            expected[slot] = count;
            for (slot, count) in expected.iter().enumerate() {
                let all: Vec<Vec<i8>> = (0..*count).map(|number| vec![slot as i8, number]).collect();
                assert_eq!(held(&dense, slot as u32), all, "step {step}");
            }
            assert_eq!(dense.vectors(), expected.iter().map(|count| *count as usize).sum::<usize>());
        }
    }
}

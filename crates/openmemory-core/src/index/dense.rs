//! The vectors of one user, one after the other in memory.

use std::mem::size_of;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::SectorMask;
use super::codes::{BLOCK, Codes};
use super::quantise::{Batch, Probe, Row};
use super::scan::Scan;

/// Rows for which one more thread is worth waking.
const SHARE: usize = 32 * BLOCK;

#[derive(Default)]
pub(super) struct Dense {
    /// Each describes the row of `codes` in its place.
    rows: Vec<Row>,
    codes: Codes,
    /// The rows of each slot, in rising order.
    places: Vec<Vec<u32>>,
}

impl Dense {
    pub(super) fn new(dimensions: usize) -> Self {
        Self { codes: Codes::new(dimensions), ..Self::default() }
    }

    pub(super) fn vectors(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.codes.bytes()
            + self.rows.capacity() * size_of::<Row>()
            + self.places.capacity() * size_of::<Vec<u32>>()
            + self.rows.len() * size_of::<u32>()
    }

    /// Overwrites the slot's rows in place and adds or gives back the difference.
    pub(super) fn replace(&mut self, slot: u32, batch: &Batch) {
        let mut places = self.take(slot);
        while places.len() > batch.rows.len() {
            self.give_back(&mut places);
        }
        let codes = batch.codes.chunks_exact(self.codes.dimensions().max(1));
        for (i, (row, codes)) in batch.rows.iter().zip(codes).enumerate() {
            let row = Row { slot, ..*row };
            if let Some(&place) = places.get(i) {
                let place = place as usize;
                self.rows[place] = row;
                self.codes.row_mut(place).copy_from_slice(codes);
            } else {
                places.push(self.rows.len() as u32);
                self.rows.push(row);
                self.codes.push(codes);
            }
        }
        places.shrink_to_fit();
        self.places[slot as usize] = places;
    }

    pub(super) fn remove(&mut self, slot: u32) {
        let mut places = self.take(slot);
        while !places.is_empty() {
            self.give_back(&mut places);
        }
    }

    fn take(&mut self, slot: u32) -> Vec<u32> {
        let at = slot as usize;
        if at >= self.places.len() {
            self.places.resize_with(at + 1, Vec::new);
        }
        std::mem::take(&mut self.places[at])
    }

    /// Fills the highest of `places` with the last row of the slab. Highest first, so
    /// that the row which moves never is another one of the same slot.
    fn give_back(&mut self, places: &mut Vec<u32>) {
        let Some(place) = places.pop().map(|place| place as usize) else { return };
        let last = self.rows.len() - 1;
        self.rows.swap_remove(place);
        self.codes.swap_remove(place);
        if place == last {
            return;
        }
        let moved = &mut self.places[self.rows[place].slot as usize];
        moved.pop();
        let at = moved.partition_point(|&other| (other as usize) < place);
        moved.insert(at, place as u32);
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

    /// The same for some slots.
    pub(super) fn score_some(
        &self,
        arch: pulp::Arch,
        probe: &Probe,
        mask: Option<SectorMask>,
        slots: impl Iterator<Item = u32>,
        best: &mut [f32],
    ) {
        for place in slots.filter_map(|slot| self.places.get(slot as usize)).flatten() {
            let place = *place as usize;
            let codes = self.codes.row(place);
            arch.dispatch(Scan { rows: &self.rows[place..=place], codes, probe, mask, best });
        }
    }
}

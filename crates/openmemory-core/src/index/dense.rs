//! The vectors of one user, one after the other in memory.

use std::collections::HashMap;
use std::hint::black_box;
use std::iter::successors;
use std::mem::size_of;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::SectorMask;
use super::blocks::{BLOCK, Blocks};
use super::quantise::{Batch, Probe, Row};
use super::scan::multiply;
use super::sketch::{self, Sketches};

/// Rows for which one more thread is worth waking.
const SHARE: usize = 32 * BLOCK;
/// Rows that are fetched together where they lie apart.
const AT_ONCE: usize = 16;
const CACHE_LINE: usize = 64;

#[derive(Default)]
pub(super) struct Dense {
    /// Each describes the row of `codes` in its place.
    rows: Vec<Row>,
    codes: Blocks<i8>,
    sketches: Sketches,
    /// A row of each slot, or [`NONE`].
    first: Vec<u32>,
    /// Of each row another one of its slot, or [`NONE`]: from the first on, each of them once.
    next: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Dense {
    pub(super) fn new(dimensions: usize) -> Self {
        Self { codes: Blocks::new(dimensions), ..Self::default() }
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
        for (row, codes) in batch.rows.iter().zip(codes) {
            let row = Row { slot, ..*row };
            if known == NONE {
                let place = self.rows.len() as u32;
                self.next.push(std::mem::replace(&mut self.first[slot as usize], place));
                self.rows.push(row);
                self.codes.push(codes);
                let known = self.sketches.rows();
                if self.rows.len() == known + sketch::BLOCK {
                    self.sketches.push((known..self.rows.len()).map(|place| self.codes.row(place)));
                }
            } else {
                let place = known as usize;
                self.rows[place] = row;
                self.codes.row_mut(place).copy_from_slice(codes);
                self.sketch(place);
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
        self.next.swap_remove(place as usize);
        if self.rows.len() < self.sketches.rows() {
            self.sketches.pop();
        }
        let last = self.rows.len() as u32;
        if place == last {
            return;
        }
        self.sketch(place as usize);
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
            let mut products = [0; BLOCK];
            loop {
                let block = begun.fetch_add(1, Ordering::Relaxed);
                let Some(rows) = self.rows.chunks(BLOCK).nth(block) else { return };
                let codes = self.codes.block(block).chunks_exact(self.codes.width().max(1));
                multiply(arch, &probe.codes, codes, &mut products[..rows.len()]);
                keep_best(probe, mask, rows.iter().zip(products), best);
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

    /// Slots with a cosine of `floor` or more, and the highest of each. Of many rows only those are compared whose signs
    /// differ least.
    pub(super) fn nearest(&self, arch: pulp::Arch, probe: &Probe, floor: f32) -> HashMap<u32, f32> {
        let mut places = self.sketches.nearest(arch, &probe.sketch);
        places.extend(self.sketches.rows()..self.rows.len());
        let mut near = HashMap::new();
        for places in places.chunks(AT_ONCE) {
            places.iter().for_each(|place| self.fetch(*place));
            let mut products = [0; AT_ONCE];
            let codes = places.iter().map(|place| self.codes.row(*place));
            multiply(arch, &probe.codes, codes, &mut products[..places.len()]);
            for (place, product) in places.iter().zip(products) {
                let row = &self.rows[*place];
                let cosine = probe.cosine(row, product);
                if cosine >= floor {
                    near.entry(row.slot).and_modify(|best: &mut f32| *best = best.max(cosine)).or_insert(cosine);
                }
            }
        }
        near
    }

    /// Notes the signs of a row that has changed, if it lies in a full block.
    fn sketch(&mut self, place: usize) {
        if place < self.sketches.rows() {
            self.sketches.set(place, self.codes.row(place));
        }
    }

    /// Has a row on its way from memory while others are still on theirs: nobody but us knows which come next.
    fn fetch(&self, place: usize) {
        let first = |line: &[i8]| line.first().copied().unwrap_or_default();
        let touched = self.codes.row(place).chunks(CACHE_LINE).fold(0, |all, line| all ^ first(line));
        black_box((touched, self.rows[place].slot));
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
        let places: Vec<usize> = slots.flat_map(|slot| self.places(slot)).collect();
        let mut products = vec![0; places.len()];
        multiply(arch, &probe.codes, places.iter().map(|place| self.codes.row(*place)), &mut products);
        keep_best(probe, mask, places.iter().map(|place| &self.rows[*place]).zip(products), best);
    }
}

/// Raises each slot's best cosine to that of its rows which the mask admits.
fn keep_best<'a>(
    probe: &Probe,
    mask: Option<SectorMask>,
    rows: impl Iterator<Item = (&'a Row, i32)>,
    best: &mut [f32],
) {
    for (row, product) in rows.filter(|(row, _)| mask.is_none_or(|mask| mask.meets(row.mask))) {
        let best = &mut best[row.slot as usize];
        *best = best.max(probe.cosine(row, product));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that say of which slot they are the how-manieth.
    fn batch(slot: u32, count: i8) -> Batch {
        let row = Row { slot: 0, scale: 1.0, mask: SectorMask::PASSAGE };
        Batch { rows: vec![row; count as usize], codes: (0..count).flat_map(|number| [slot as i8, number]).collect() }
    }

    fn held(dense: &Dense, slot: u32) -> Vec<Vec<i8>> {
        let rows = dense.places(slot).inspect(|place| assert_eq!(dense.rows[*place].slot, slot));
        let row = |place| dense.codes.row(place).to_vec();
        let mut held: Vec<Vec<i8>> = rows.map(row).collect();
        held.sort();
        held
    }

    /// The slots that are nearest by all rows, and by those that have nearly the signs.
    fn nearest(dense: &Dense, wanted: i8) -> (Vec<u32>, Vec<u32>) {
        let arch = pulp::Arch::new();
        let probe = Probe::new(&codes_of(wanted).map(f32::from));
        let mut best = vec![f32::NEG_INFINITY; dense.first.len()];
        dense.score(arch, &probe, None, &mut best);
        let all = (0..best.len() as u32).filter(|slot| best[*slot as usize] >= 32.0).collect();
        let mut found: Vec<u32> = dense.nearest(arch, &probe, 32.0).into_keys().collect();
        found.sort_unstable();
        (all, found)
    }

    /// Orthogonal to those of other numbers: the first rows of a Hadamard matrix.
    fn codes_of(number: i8) -> [i8; 64] {
        std::array::from_fn(|at| if (at as i8 & number).count_ones().is_multiple_of(2) { 1 } else { -1 })
    }

    #[test]
    fn the_nearest_are_found_while_blocks_fill_and_empty() {
        let mut dense = Dense::new(64);
        let one = |number: i8| Batch {
            rows: vec![Row { slot: 0, scale: 1.0, mask: SectorMask::PASSAGE }],
            codes: codes_of(number).to_vec(),
        };
        let number = |slot: usize, turn: usize| ((slot + turn) % 40) as i8;
        for turn in 0..3 {
            (0..3 * sketch::BLOCK + 5).for_each(|slot| dense.replace(slot as u32, &one(number(slot, turn))));
            assert_eq!(dense.sketches.rows(), 3 * sketch::BLOCK);
            for wanted in [0, 17, 39] {
                let (all, found) = nearest(&dense, wanted);
                assert!(!all.is_empty());
                assert_eq!(found, all, "{wanted} in turn {turn}");
            }
            // The last rows take the places of those that go.
            (0..turn * 40 + 6).for_each(|slot| dense.remove(400 + slot as u32));
            assert_eq!(dense.sketches.rows(), 2 * sketch::BLOCK);
            let (all, found) = nearest(&dense, 17);
            assert_eq!(found, all, "after removals in turn {turn}");
        }
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

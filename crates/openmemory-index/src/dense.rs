//! The vectors of one user, one after the other in memory.

use std::collections::HashMap;
use std::iter::successors;
use std::mem::size_of;

use super::SectorMask;
use super::blocks::{BLOCK, Blocks};
use super::parallel::{Left, share};
use super::prefetch::{LINE, fetch};
use super::quantise::{Batch, Nibbles, QueryVector, Row, width};
use super::scan::{multiply, multiply_high};
use super::simhash::{self, Sketches};

/// Rows that are fetched together where they lie apart.
const AT_ONCE: usize = 16;

#[derive(Default)]
pub(super) struct Dense {
    dimensions: usize,
    /// Each describes the row of bytes in its place.
    rows: Vec<Row>,
    high: Blocks<u8>,
    low: Blocks<u8>,
    sketches: Sketches,
    /// A row of each slot, or [`NONE`].
    first: Vec<u32>,
    /// Of each row another one of its slot, or [`NONE`]: from the first on, each of them once.
    next: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Dense {
    pub(super) fn new(dimensions: usize) -> Self {
        let halves = || Blocks::new(width(dimensions));
        Self { dimensions, high: halves(), low: halves(), ..Self::default() }
    }

    pub(super) fn vectors(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.high.bytes()
            + self.low.bytes()
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
        for (row, Nibbles { high, low }) in batch.rows() {
            let row = Row { slot, ..*row };
            if known == NONE {
                let place = self.rows.len() as u32;
                self.next.push(std::mem::replace(&mut self.first[slot as usize], place));
                self.rows.push(row);
                self.high.push(high);
                self.low.push(low);
                let known = self.sketches.rows();
                if self.rows.len() == known + simhash::BLOCK {
                    self.sketches
                        .push((known..self.rows.len()).map(|place| row_of(&self.high, &self.low, place).sketch()));
                }
            } else {
                let place = known as usize;
                self.rows[place] = row;
                self.high.row_mut(place).copy_from_slice(high);
                self.low.row_mut(place).copy_from_slice(low);
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
        self.high.swap_remove(place as usize);
        self.low.swap_remove(place as usize);
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

    /// Puts no less than each slot's highest cosine into `most`, leaving what is there where it has no vector that `mask`
    /// admits.
    pub(super) fn most(&self, arch: pulp::Arch, probe: &QueryVector, mask: Option<SectorMask>, most: &mut [f32]) {
        let scan = |blocks: Left<'_>, most: &mut [f32]| {
            let mut products = [0; BLOCK];
            for block in blocks {
                let rows = &self.rows[block * BLOCK..];
                let rows = &rows[..rows.len().min(BLOCK)];
                let high = self.high.block(block).chunks_exact(self.high.width().max(1));
                multiply_high(arch, &probe.rough, high, &mut products[..rows.len()]);
                for (row, product) in rows.iter().zip(products).filter(|(row, _)| admits(mask, row)) {
                    let most = &mut most[row.slot as usize];
                    *most = most.max(probe.most(row, product));
                }
            }
        };
        let slots = most.len();
        let others = share(
            self.rows.len(),
            BLOCK,
            |blocks| scan(blocks, most),
            |blocks| {
                let mut most = vec![f32::NEG_INFINITY; slots];
                scan(blocks, &mut most);
                most
            },
        );
        for other in others {
            most.iter_mut().zip(other).for_each(|(most, other)| *most = most.max(other));
        }
    }

    /// A slot's highest cosine; negative infinity where it has no vector that `mask` admits.
    pub(super) fn cosine(&self, arch: pulp::Arch, probe: &QueryVector, mask: Option<SectorMask>, slot: u32) -> f32 {
        let rows = self.places(slot).filter(|place| admits(mask, &self.rows[*place]));
        rows.map(|place| self.cosine_of(arch, probe, place)).fold(f32::NEG_INFINITY, f32::max)
    }

    fn cosine_of(&self, arch: pulp::Arch, probe: &QueryVector, place: usize) -> f32 {
        let product = multiply(arch, &probe.fine, row_of(&self.high, &self.low, place));
        probe.cosine(&self.rows[place], product)
    }

    /// Slots with a cosine of `floor` or more, and the highest of each. Of many rows only those are compared whose signs
    /// differ least.
    pub(super) fn nearest(&self, arch: pulp::Arch, probe: &QueryVector, floor: f32) -> HashMap<u32, f32> {
        let differing = simhash::differing(self.dimensions, floor);
        let mut places = self.sketches.nearest(arch, &probe.sketch, differing);
        places.extend(self.sketches.rows()..self.rows.len());
        let mut near = HashMap::new();
        for places in places.chunks(AT_ONCE) {
            places.iter().for_each(|place| self.fetch(*place));
            let mut products = [0; AT_ONCE];
            let high = places.iter().map(|place| self.high.row(*place));
            multiply_high(arch, &probe.rough, high, &mut products[..places.len()]);
            for (place, product) in places.iter().zip(products) {
                let row = &self.rows[*place];
                if probe.most(row, product) < floor {
                    continue;
                }
                let cosine = self.cosine_of(arch, probe, *place);
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
            self.sketches.set(place, row_of(&self.high, &self.low, place).sketch());
        }
    }

    /// Has what the high halves of a row are compared by on its way from memory.
    fn fetch(&self, place: usize) {
        self.high.row(place).chunks(LINE).for_each(|line| fetch(&line[0]));
        fetch(&self.rows[place]);
    }
}

fn row_of<'a>(high: &'a Blocks<u8>, low: &'a Blocks<u8>, place: usize) -> Nibbles<'a> {
    Nibbles { high: high.row(place), low: low.row(place) }
}

fn admits(mask: Option<SectorMask>, row: &Row) -> bool {
    mask.is_none_or(|mask| mask.meets(row.mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(vectors: &[Vec<f32>]) -> Batch {
        Batch::new(&vectors.iter().map(|vector| (vector.as_slice(), SectorMask::PASSAGE)).collect::<Vec<_>>())
    }

    /// Vectors that say of which slot they are the how-manieth.
    fn numbered(slot: usize, count: usize) -> Batch {
        batch(&(0..count).map(|number| vec![100.0, slot as f32, number as f32]).collect::<Vec<_>>())
    }

    fn held(dense: &Dense, slot: usize) -> Vec<[Vec<u8>; 2]> {
        let rows = dense.places(slot as u32).inspect(|place| assert_eq!(dense.rows[*place].slot, slot as u32));
        sorted(rows.map(|place| row_of(&dense.high, &dense.low, place)))
    }

    fn sorted<'a>(rows: impl Iterator<Item = Nibbles<'a>>) -> Vec<[Vec<u8>; 2]> {
        let mut rows: Vec<_> = rows.map(|Nibbles { high, low }| [high.to_vec(), low.to_vec()]).collect();
        rows.sort();
        rows
    }

    /// The slots that are nearest by all rows, and by those that have nearly the signs.
    fn nearest(dense: &Dense, wanted: usize) -> (Vec<u32>, Vec<u32>) {
        let arch = pulp::Arch::new();
        let probe = QueryVector::new(&direction(wanted));
        let slots = 0..dense.first.len() as u32;
        let all = slots.filter(|slot| dense.cosine(arch, &probe, None, *slot) >= 0.5).collect();
        let mut found: Vec<u32> = dense.nearest(arch, &probe, 0.5).into_keys().collect();
        found.sort_unstable();
        (all, found)
    }

    /// Orthogonal to those of other numbers: the first rows of a Hadamard matrix.
    fn direction(number: usize) -> Vec<f32> {
        (0..64usize).map(|at| if (at & number).count_ones().is_multiple_of(2) { 0.125 } else { -0.125 }).collect()
    }

    #[test]
    fn the_nearest_are_found_while_blocks_fill_and_empty() {
        let mut dense = Dense::new(64);
        let one = |number: usize| batch(&[direction(number)]);
        let number = |slot: usize, turn: usize| (slot + turn) % 40;
        for turn in 0..3 {
            (0..3 * simhash::BLOCK + 5).for_each(|slot| dense.replace(slot as u32, &one(number(slot, turn))));
            assert_eq!(dense.sketches.rows(), 3 * simhash::BLOCK);
            for wanted in [0, 17, 39] {
                let (all, found) = nearest(&dense, wanted);
                assert!(!all.is_empty());
                assert_eq!(found, all, "{wanted} in turn {turn}");
            }
            // The last rows take the places of those that go.
            (0..turn * 40 + 6).for_each(|slot| dense.remove(400 + slot as u32));
            assert_eq!(dense.sketches.rows(), 2 * simhash::BLOCK);
            let (all, found) = nearest(&dense, 17);
            assert_eq!(found, all, "after removals in turn {turn}");
        }
    }

    #[test]
    fn each_slot_keeps_its_rows_while_others_come_and_go() {
        let mut dense = Dense::new(3);
        let mut expected = [0; 7];
        // Every slot meets every number of rows, before and behind others that grow and shrink.
        for step in 0..500 {
            let (slot, count) = (step * 5 % 7, step * step / 3 % 6);
            match count {
                0 => dense.remove(slot as u32),
                _ => dense.replace(slot as u32, &numbered(slot, count)),
            }
            expected[slot] = count;
            for (slot, count) in expected.iter().enumerate() {
                let all = numbered(slot, *count);
                assert_eq!(held(&dense, slot), sorted(all.rows().map(|(_, row)| row)), "step {step}");
            }
            assert_eq!(dense.vectors(), expected.iter().sum::<usize>());
        }
    }
}

//! Where are the vectors of a user? In contiguous blocks, with a linked list of rows per slot.

use std::collections::HashMap;
use std::iter::successors;
use std::mem::size_of;

use super::SectorMask;
use super::blocks::{BLOCK, Blocks};
use super::centroid::Centroid;
use super::parallel::{RemainingBlocks, parallel_blocks};
use super::prefetch::{CACHE_LINE, prefetch};
use super::quantise::{Batch, Nibbles, QueryVector, Row, width};
use super::scan::{multiply, multiply_high};
use super::simhash::{self, Sketches};

/// Scattered rows that are prefetched together.
const PREFETCH_ROWS: usize = 16;

/// A vector whose length differs from that of the partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a vector has {found} dimensions, but the index has {expected}")]
pub struct WrongDimensions {
    pub expected: usize,
    pub found: usize,
}

#[derive(Default)]
pub(super) struct Dense {
    dimensions: usize,
    /// The metadata of each row, at its row number.
    rows: Vec<Row>,
    high: Blocks<u8>,
    low: Blocks<u8>,
    sketches: Sketches,
    centroid: Centroid,
    /// The first row of each slot, or [`NONE`].
    first: Vec<u32>,
    /// The next row of the same slot, or [`NONE`].
    next: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Dense {
    pub(super) fn new(dimensions: usize) -> Self {
        let nibbles = || Blocks::new(width(dimensions));
        let centroid = Centroid::new(dimensions);
        Self { dimensions, high: nibbles(), low: nibbles(), centroid, ..Self::default() }
    }

    pub(super) fn check(&self, dimensions: usize) -> Result<(), WrongDimensions> {
        if dimensions == self.dimensions {
            return Ok(());
        }
        Err(WrongDimensions { expected: self.dimensions, found: dimensions })
    }

    pub(super) fn vectors(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn centroid(&self) -> &Centroid {
        &self.centroid
    }

    pub(super) fn bytes(&self) -> usize {
        self.high.bytes()
            + self.low.bytes()
            + self.sketches.bytes()
            + self.centroid.bytes()
            + self.rows.capacity() * size_of::<Row>()
            + (self.first.capacity() + self.next.capacity()) * size_of::<u32>()
    }

    /// Overwrites the slot's rows in at, and appends or removes rows where the number changes.
    pub(super) fn replace(&mut self, slot: u32, batch: &Batch) {
        if slot as usize >= self.first.len() {
            self.first.resize(slot as usize + 1, NONE);
        }
        for _ in batch.rows.len()..self.rows_of(slot).count() {
            self.remove_row(slot);
        }
        let mut known = self.first[slot as usize];
        for (row, nibbles) in batch.rows() {
            let (row, Nibbles { high, low }) = (Row { slot, ..*row }, nibbles);
            self.centroid.add(&row, nibbles);
            if known == NONE {
                let at = self.rows.len() as u32;
                self.next.push(std::mem::replace(&mut self.first[slot as usize], at));
                self.rows.push(row);
                self.high.push(high);
                self.low.push(low);
                let known = self.sketches.rows();
                if self.rows.len() == known + simhash::BLOCK {
                    self.sketches.push((known..self.rows.len()).map(|at| row_of(&self.high, &self.low, at).sketch()));
                }
            } else {
                let at = known as usize;
                self.centroid.remove(&self.rows[at], row_of(&self.high, &self.low, at));
                self.rows[at] = row;
                self.high.row_mut(at).copy_from_slice(high);
                self.low.row_mut(at).copy_from_slice(low);
                self.sketch(at);
                known = self.next[at];
            }
        }
    }

    pub(super) fn remove(&mut self, slot: u32) {
        while self.rows_of(slot).next().is_some() {
            self.remove_row(slot);
        }
    }

    fn rows_of(&self, slot: u32) -> impl Iterator<Item = usize> {
        let row = |row: u32| (row != NONE).then_some(row as usize);
        let first = self.first.get(slot as usize).copied().and_then(row);
        successors(first, move |at| row(self.next[*at]))
    }

    /// Removes one row of a slot that has rows, and moves the last row into its position.
    fn remove_row(&mut self, slot: u32) {
        let at = self.first[slot as usize];
        self.first[slot as usize] = self.next[at as usize];
        self.centroid.remove(&self.rows[at as usize], row_of(&self.high, &self.low, at as usize));
        self.rows.swap_remove(at as usize);
        self.high.swap_remove(at as usize);
        self.low.swap_remove(at as usize);
        self.next.swap_remove(at as usize);
        if self.rows.len() < self.sketches.rows() {
            self.sketches.pop();
        }
        let last = self.rows.len() as u32;
        if at == last {
            return;
        }
        self.sketch(at as usize);
        let mut link = &mut self.first[self.rows[at as usize].slot as usize];
        while *link != last {
            let row = *link as usize;
            link = &mut self.next[row];
        }
        *link = at;
    }

    /// Raises `bounds` to an upper bound of each slot's highest cosine. Slots without a vector that `mask` admits keep
    /// their value.
    pub(super) fn upper_bounds(
        &self,
        arch: pulp::Arch,
        query: &QueryVector,
        mask: Option<SectorMask>,
        bounds: &mut [f32],
    ) {
        let scan = |blocks: RemainingBlocks<'_>, bounds: &mut [f32]| {
            let mut products = [0; BLOCK];
            for block in blocks {
                let rows = &self.rows[block * BLOCK..];
                let rows = &rows[..rows.len().min(BLOCK)];
                let high = self.high.block(block).chunks_exact(self.high.width().max(1));
                multiply_high(arch, &query.rough, high, &mut products[..rows.len()]);
                for (row, product) in rows.iter().zip(products).filter(|(row, _)| admits(mask, row)) {
                    let bound = &mut bounds[row.slot as usize];
                    *bound = bound.max(query.upper_bound(row, product));
                }
            }
        };
        let slots = bounds.len();
        let others = parallel_blocks(
            self.rows.len(),
            BLOCK,
            |blocks| scan(blocks, bounds),
            |blocks| {
                let mut bounds = vec![f32::NEG_INFINITY; slots];
                scan(blocks, &mut bounds);
                bounds
            },
        );
        for other in others {
            bounds.iter_mut().zip(other).for_each(|(bound, other)| *bound = bound.max(other));
        }
    }

    /// The slot's highest cosine, or negative infinity if it has no vector that `mask` admits.
    pub(super) fn cosine(&self, arch: pulp::Arch, query: &QueryVector, mask: Option<SectorMask>, slot: u32) -> f32 {
        let rows = self.rows_of(slot).filter(|at| admits(mask, &self.rows[*at]));
        rows.map(|at| self.cosine_of(arch, query, at)).fold(f32::NEG_INFINITY, f32::max)
    }

    fn cosine_of(&self, arch: pulp::Arch, query: &QueryVector, at: usize) -> f32 {
        let product = multiply(arch, &query.fine, row_of(&self.high, &self.low, at));
        query.cosine(&self.rows[at], product)
    }

    /// The vectors of a slot.
    pub(super) fn vectors_of(&self, slot: u32) -> Vec<QueryVector> {
        let vector = |at: usize| {
            let row = &self.rows[at];
            let steps = row_of(&self.high, &self.low, at).steps().flatten().take(self.dimensions);
            QueryVector::new(&steps.map(|step| step as f32 * row.scale).collect::<Vec<_>>())
        };
        self.rows_of(slot).map(vector).collect()
    }

    /// The `take` slots with the highest cosine, and any with the same as the last of them, if it is at least `floor`; each
    /// with its highest, and others among them. In large partitions only the rows with the most similar signs are compared.
    pub(super) fn nearest(
        &self,
        arch: pulp::Arch,
        query: &QueryVector,
        take: usize,
        mut floor: f32,
    ) -> HashMap<u32, f32> {
        let max_differences = simhash::max_differences(self.dimensions, floor);
        let mut rows = self.sketches.nearest(arch, &query.sketch, max_differences);
        rows.extend(self.sketches.rows()..self.rows.len());
        let mut near = HashMap::new();
        let mut best = Nearest { take, slots: Vec::new() };
        for rows in rows.chunks(PREFETCH_ROWS) {
            rows.iter().for_each(|at| self.prefetch(*at));
            let mut products = [0; PREFETCH_ROWS];
            let high = rows.iter().map(|at| self.high.row(*at));
            multiply_high(arch, &query.rough, high, &mut products[..rows.len()]);
            for (at, product) in rows.iter().zip(products) {
                let row = &self.rows[*at];
                if query.upper_bound(row, product) < floor {
                    continue;
                }
                let cosine = self.cosine_of(arch, query, *at);
                if cosine >= floor {
                    near.entry(row.slot).and_modify(|best: &mut f32| *best = best.max(cosine)).or_insert(cosine);
                    // Of many similar texts most are then not compared in full.
                    floor = best.push(row.slot, cosine).unwrap_or(floor);
                }
            }
        }
        near
    }

    /// Updates the sketch of a row that changed, if it lies in a full block.
    fn sketch(&mut self, at: usize) {
        if at < self.sketches.rows() {
            self.sketches.set(at, row_of(&self.high, &self.low, at).sketch());
        }
    }

    /// Prefetches what a comparison of a row's high nibbles reads.
    fn prefetch(&self, at: usize) {
        self.high.row(at).chunks(CACHE_LINE).for_each(|line| prefetch(&line[0]));
        prefetch(&self.rows[at]);
    }
}

/// The slots with the highest cosines so far, in no order.
struct Nearest {
    take: usize,
    slots: Vec<(u32, f32)>,
}

impl Nearest {
    /// Notes a cosine of a slot, and returns the lowest one of `take` slots; `None` if there are fewer.
    fn push(&mut self, slot: u32, cosine: f32) -> Option<f32> {
        match self.slots.iter_mut().find(|(known, _)| *known == slot) {
            Some((_, best)) => *best = best.max(cosine),
            None => self.slots.push((slot, cosine)),
        }
        if self.slots.len() > self.take {
            self.slots.swap_remove(self.lowest()?);
        }
        if self.slots.len() < self.take { None } else { self.lowest().map(|at| self.slots[at].1) }
    }

    fn lowest(&self) -> Option<usize> {
        (0..self.slots.len()).min_by(|a, b| self.slots[*a].1.total_cmp(&self.slots[*b].1))
    }
}

fn row_of<'a>(high: &'a Blocks<u8>, low: &'a Blocks<u8>, at: usize) -> Nibbles<'a> {
    Nibbles { high: high.row(at), low: low.row(at) }
}

fn admits(mask: Option<SectorMask>, row: &Row) -> bool {
    mask.is_none_or(|mask| mask.meets(row.mask))
}

#[cfg(test)]
mod tests {
    use openmemory_domain::Vector;

    use super::*;

    fn batch(vectors: &[Vec<f32>]) -> Batch {
        let vectors: Vec<Vector> = vectors.iter().map(|vector| Vector::new(vector)).collect();
        Batch::new(&vectors.iter().map(|vector| (vector, SectorMask::PASSAGE)).collect::<Vec<_>>())
    }

    /// Distinct vectors: the slot and a number are encoded in each.
    fn numbered(slot: usize, count: usize) -> Batch {
        batch(&(0..count).map(|number| vec![100.0, slot as f32, number as f32]).collect::<Vec<_>>())
    }

    fn held(dense: &Dense, slot: usize) -> Vec<[Vec<u8>; 2]> {
        let rows = dense.rows_of(slot as u32).inspect(|at| assert_eq!(dense.rows[*at].slot, slot as u32));
        sorted(rows.map(|at| row_of(&dense.high, &dense.low, at)))
    }

    fn sorted<'a>(rows: impl Iterator<Item = Nibbles<'a>>) -> Vec<[Vec<u8>; 2]> {
        let mut rows: Vec<_> = rows.map(|Nibbles { high, low }| [high.to_vec(), low.to_vec()]).collect();
        rows.sort();
        rows
    }

    /// The nearest slots by all rows, and by sketches first.
    fn nearest(dense: &Dense, wanted: usize) -> (Vec<u32>, Vec<u32>) {
        let arch = pulp::Arch::new();
        let query = QueryVector::new(&direction(wanted));
        let all = (0..slots_of(dense) as u32).filter(|slot| dense.cosine(arch, &query, None, *slot) >= 0.5).collect();
        let mut found: Vec<u32> = dense.nearest(arch, &query, slots_of(dense), 0.5).into_keys().collect();
        found.sort_unstable();
        (all, found)
    }

    fn slots_of(dense: &Dense) -> usize {
        dense.first.len()
    }

    /// Vectors of different numbers are orthogonal: the first rows of a Hadamard matrix.
    fn direction(number: usize) -> Vec<f32> {
        (0..64usize).map(|at| if (at & number).count_ones().is_multiple_of(2) { 0.125 } else { -0.125 }).collect()
    }

    #[test]
    fn nearest_is_exact_while_blocks_fill_and_empty() {
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
            // Removal moves the last rows into the positions of removed ones.
            (0..turn * 40 + 6).for_each(|slot| dense.remove(400 + slot as u32));
            assert_eq!(dense.sketches.rows(), 2 * simhash::BLOCK);
            let (all, found) = nearest(&dense, 17);
            assert_eq!(found, all, "after removals in turn {turn}");
        }
    }

    #[test]
    fn the_nearest_few_are_among_those_found() {
        let arch = pulp::Arch::new();
        let mut dense = Dense::new(2);
        let at = |degrees: usize| (degrees as f32).to_radians().sin_cos();
        // Two vectors each, the nearer one first or last, in an order that is neither ascending nor descending.
        for slot in 0..60usize {
            let degrees = slot * 37 % 60;
            let near = [degrees, degrees + 20].map(at).map(|(sin, cos)| vec![cos, sin]);
            let vectors = if slot % 2 == 0 { near.to_vec() } else { near.iter().rev().cloned().collect() };
            dense.replace(slot as u32, &batch(&vectors));
        }
        let query = QueryVector::new(&[1.0, 0.0]);
        for (take, floor) in [(1, 0.0), (3, 0.0), (3, 0.999), (60, 0.9), (100, 0.0), (0, 0.5)] {
            let highest = |slot: u32| dense.cosine(arch, &query, None, slot);
            let mut expected: Vec<u32> = (0..60).filter(|slot| highest(*slot) >= floor).collect();
            expected.sort_by(|a, b| highest(*b).total_cmp(&highest(*a)));
            expected.truncate(take);
            let found = dense.nearest(arch, &query, take, floor);
            for slot in expected {
                assert_eq!(found.get(&slot), Some(&highest(slot)), "slot {slot} of {take} above {floor}");
            }
        }
        assert!(dense.nearest(arch, &query, 3, 0.0).len() < 30, "the floor rises");
    }

    #[test]
    fn each_slot_keeps_its_rows_while_others_change() {
        let mut dense = Dense::new(3);
        let mut expected = [0; 7];
        // Every slot takes every number of rows, while the slots around it grow and shrink.
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

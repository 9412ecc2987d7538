//! The vectors of one user, flat in memory.

use std::collections::HashMap;
use std::mem::size_of;

use super::SectorMask;
use super::quantise::{Batch, Probe, Row};
use super::ranked::Candidate;
use super::scan::Scan;

pub(super) struct Partition {
    dimensions: usize,
    /// `rows[i]` describes `codes[i * dimensions..][..dimensions]`; there are no gaps.
    rows: Vec<Row>,
    codes: Vec<i8>,
    /// The rows of each memory, in rising order.
    places: HashMap<u64, Vec<usize>>,
}

impl Partition {
    pub(super) fn new(dimensions: usize) -> Self {
        Self { dimensions, rows: Vec::new(), codes: Vec::new(), places: HashMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn memories(&self) -> usize {
        self.places.len()
    }

    pub(super) fn vectors(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn bytes(&self) -> usize {
        let place = size_of::<(u64, Vec<usize>)>() + 1;
        size_of::<Self>()
            + self.codes.capacity()
            + self.rows.capacity() * size_of::<Row>()
            + self.places.capacity() * place
            + self.rows.len() * size_of::<usize>()
    }

    /// Overwrites the memory's rows in place and adds or gives back the difference.
    pub(super) fn replace(&mut self, memory: u64, batch: &Batch) {
        let mut places = self.places.remove(&memory).unwrap_or_default();
        while places.len() > batch.rows.len() {
            self.give_back(&mut places);
        }
        let codes = batch.codes.chunks_exact(self.dimensions);
        for (i, (row, codes)) in batch.rows.iter().zip(codes).enumerate() {
            if let Some(&place) = places.get(i) {
                self.rows[place] = *row;
                self.codes[place * self.dimensions..][..self.dimensions].copy_from_slice(codes);
            } else {
                places.push(self.rows.len());
                self.rows.push(*row);
                self.codes.extend_from_slice(codes);
            }
        }
        places.shrink_to_fit();
        self.places.insert(memory, places);
    }

    pub(super) fn remove(&mut self, memory: u64) -> bool {
        let Some(mut places) = self.places.remove(&memory) else {
            return false;
        };
        while !places.is_empty() {
            self.give_back(&mut places);
        }
        true
    }

    /// Fills the highest of `places` with the last row of the slab. Highest first, so
    /// that the row which moves never is another one of the same memory.
    fn give_back(&mut self, places: &mut Vec<usize>) {
        let Some(place) = places.pop() else { return };
        let last = self.rows.len() - 1;
        self.rows.swap_remove(place);
        let from = last * self.dimensions;
        self.codes.copy_within(from.., place * self.dimensions);
        self.codes.truncate(from);
        if place == last {
            return;
        }
        if let Some(moved) = self.places.get_mut(&self.rows[place].memory) {
            moved.pop();
            let at = moved.partition_point(|&other| other < place);
            moved.insert(at, place);
        }
    }

    pub(super) fn scan(&self, arch: pulp::Arch, probe: &Probe, mask: Option<SectorMask>, found: &mut Vec<Candidate>) {
        arch.dispatch(Scan { rows: &self.rows, codes: &self.codes, probe, mask, found });
    }
}

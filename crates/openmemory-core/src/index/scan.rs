//! The inner loop: rows of a slab against one query.

use pulp::NullaryFnOnce;

use super::SectorMask;
use super::quantise::{Probe, Row};

/// Run through `pulp::Arch::dispatch`, which compiles the body once per instruction
/// set and picks the widest that the processor has.
pub(super) struct Scan<'a> {
    pub(super) rows: &'a [Row],
    pub(super) codes: &'a [i8],
    pub(super) probe: &'a Probe,
    pub(super) mask: Option<SectorMask>,
    /// By slot.
    pub(super) best: &'a mut [f32],
}

impl NullaryFnOnce for Scan<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let query = self.probe.codes.as_slice();
        for (row, codes) in self.rows.iter().zip(self.codes.chunks_exact(query.len().max(1))) {
            if self.mask.is_some_and(|mask| !mask.meets(row.mask)) {
                continue;
            }
            let best = &mut self.best[row.slot as usize];
            *best = best.max(cosine(row, codes, self.probe));
        }
    }
}

/// One row against one query.
pub(super) struct Compare<'a> {
    pub(super) row: &'a Row,
    pub(super) codes: &'a [i8],
    pub(super) probe: &'a Probe,
}

impl NullaryFnOnce for Compare<'_> {
    type Output = f32;

    #[inline(always)]
    fn call(self) -> f32 {
        cosine(self.row, self.codes, self.probe)
    }
}

#[inline(always)]
fn cosine(row: &Row, codes: &[i8], probe: &Probe) -> f32 {
    // This plain form becomes multiply-add instructions; unrolling it by hand is slower.
    let mut sum = 0i32;
    for (a, b) in codes.iter().zip(&probe.codes) {
        sum += i32::from(*a) * i32::from(*b);
    }
    sum as f32 * probe.scale * row.scale
}

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
            // This plain form becomes multiply-add instructions; unrolling it by hand is slower.
            let mut sum = 0i32;
            for (a, b) in codes.iter().zip(query) {
                sum += i32::from(*a) * i32::from(*b);
            }
            let cosine = sum as f32 * self.probe.scale * row.scale;
            let best = &mut self.best[row.slot as usize];
            *best = best.max(cosine);
        }
    }
}

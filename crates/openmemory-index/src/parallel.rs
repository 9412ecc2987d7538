//! How do several threads scan many rows? They take blocks from a shared counter. Rows outside all caches are read
//! faster by several cores.
//!
//! A search waits here while it holds a partition's lock. That is safe as long as no task on rayon's threads takes such a
//! lock, and no caller is itself a thread of rayon's, which would run other tasks while it waits.

use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

/// The number of rows that justifies one more thread.
const MIN_ROWS_PER_THREAD: usize = 32 * 1024;

/// The numbers of the remaining blocks. Each number goes to one thread.
pub(super) struct RemainingBlocks<'a> {
    next: &'a AtomicUsize,
    end: usize,
}

impl Iterator for RemainingBlocks<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        (next < self.end).then_some(next)
    }
}

/// Scans blocks with `local` on this thread, and with `worker` on idle threads if there are enough rows. Returns the
/// results of the workers.
pub(super) fn parallel_blocks<T: Send>(
    rows: usize,
    block: usize,
    local: impl FnOnce(RemainingBlocks<'_>),
    worker: impl Fn(RemainingBlocks<'_>) -> T + Sync,
) -> Vec<T> {
    let (next, end) = (AtomicUsize::new(0), rows.div_ceil(block));
    let remaining = || RemainingBlocks { next: &next, end };
    let helpers = (rows / MIN_ROWS_PER_THREAD).min(rayon::current_num_threads().saturating_sub(1));
    if helpers == 0 {
        local(remaining());
        return Vec::new();
    }
    let found = Mutex::new(Vec::with_capacity(helpers));
    rayon::in_place_scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|_| {
                // A worker that starts late finds no block.
                if next.load(Ordering::Relaxed) < end {
                    let made = worker(remaining());
                    found.lock().push(made);
                }
            });
        }
        local(remaining());
    });
    found.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_is_scanned_once() {
        for rows in [0, 1, 1000, 10 * MIN_ROWS_PER_THREAD] {
            let mut mine = Vec::new();
            let others = parallel_blocks(rows, 10, |left| mine.extend(left), |left| left.collect::<Vec<usize>>());
            let mut all: Vec<usize> = others.into_iter().flatten().chain(mine).collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..rows.div_ceil(10)), "{rows}");
        }
    }
}

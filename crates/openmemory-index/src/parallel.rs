//! How are many rows looked at by several processors? What is in no cache is read faster by more than one.
//!
//! Searches wait here with a partition locked. That is safe as long as no work of rayon's threads takes such a lock, and none
//! of those who call is such a thread, which would run other work while it waits.

use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

/// Rows for which one more thread is worth waking.
const MIN_ROWS_PER_THREAD: usize = 32 * 1024;

/// The numbers of the blocks that are left; each goes to one thread.
pub(super) struct Left<'a> {
    next: &'a AtomicUsize,
    end: usize,
}

impl Iterator for Left<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        (next < self.end).then_some(next)
    }
}

/// Shares out the blocks of so many rows between `own`, which runs here, and `other`, which runs in threads that have nothing
/// to do, if there are enough rows. What `other` found.
pub(super) fn share<T: Send>(
    rows: usize,
    block: usize,
    own: impl FnOnce(Left<'_>),
    other: impl Fn(Left<'_>) -> T + Sync,
) -> Vec<T> {
    let (next, end) = (AtomicUsize::new(0), rows.div_ceil(block));
    let left = || Left { next: &next, end };
    let helpers = (rows / MIN_ROWS_PER_THREAD).min(rayon::current_num_threads().saturating_sub(1));
    if helpers == 0 {
        own(left());
        return Vec::new();
    }
    let found = Mutex::new(Vec::with_capacity(helpers));
    rayon::in_place_scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|_| {
                // One that comes too late has nothing to tell.
                if next.load(Ordering::Relaxed) < end {
                    let made = other(left());
                    found.lock().push(made);
                }
            });
        }
        own(left());
    });
    found.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_goes_to_one_thread() {
        for rows in [0, 1, 1000, 10 * MIN_ROWS_PER_THREAD] {
            let mut mine = Vec::new();
            let others = share(rows, 10, |left| mine.extend(left), |left| left.collect::<Vec<usize>>());
            let mut all: Vec<usize> = others.into_iter().flatten().chain(mine).collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..rows.div_ceil(10)), "{rows}");
        }
    }
}

//! How is work on many items distributed over processors? Over threads that are started for it: rayon's threads help a
//! search that holds a lock, so they must not wait for that lock here.

use std::iter::from_fn;
use std::panic::resume_unwind;
use std::thread;

use parking_lot::Mutex;

/// Threads at most.
const THREADS: usize = 4;
/// Items for which one more is worth starting.
const MIN_SHARE: usize = 16;

/// What `work` makes of each item, in order.
pub(super) fn parallel_map<I: Send, O: Send>(items: Vec<I>, work: impl Fn(I) -> O + Sync) -> Vec<O> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let helpers = (items.len() / MIN_SHARE).min(processors).min(THREADS).saturating_sub(1);
    if helpers == 0 {
        return items.into_iter().map(work).collect();
    }
    let left = Mutex::new(items.into_iter().enumerate());
    let next = || left.lock().next();
    let run = || from_fn(next).map(|(place, item)| (place, work(item))).collect::<Vec<_>>();
    let mut made = thread::scope(|scope| {
        let start = |_| thread::Builder::new().name("openmemory-batch".into()).spawn_scoped(scope, run);
        // Without one that cannot be started the others do its share.
        let helpers: Vec<_> = (0..helpers).flat_map(start).collect();
        let mut made = run();
        for helper in helpers {
            made.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        made
    });
    made.sort_unstable_by_key(|(place, _)| *place);
    made.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_of_each_item_comes_back_in_order() {
        for count in [0, 1, 100, 1000] {
            assert_eq!(parallel_map((0..count).collect(), |n| n * n), (0..count).map(|n| n * n).collect::<Vec<u64>>());
        }
    }

    #[test]
    #[should_panic]
    fn a_panic_of_one_is_not_lost() {
        parallel_map((0..100).collect(), |n| assert!(n != 17, "as a test expects"));
    }
}

//! Which allocator does the addon use? mimalloc: a run of the model allocates and frees megabytes, which glibc returns
//! to the system each time, so that every page faults again.

use std::alloc::{GlobalAlloc, Layout};
use std::ffi::c_long;
use std::sync::atomic::{AtomicBool, Ordering};

use mimalloc::MiMalloc;
use parking_lot::Mutex;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// mimalloc, except for large zeroed blocks while an [`EagerPurge`] exists.
struct Allocator;

/// Minimum size of such blocks. sled allocates large zeroed tables, for its pages and for metrics that are disabled,
/// and hardly touches them. In memory that was used before, mimalloc writes the zeros, which makes all of it resident.
#[cfg(any(target_os = "linux", test))]
const MIN_ZEROED_BYTES: usize = 256 * 1024;

#[allow(unsafe_code, reason = "the trait is unsafe")]
// SAFETY: all calls go to mimalloc; a block is changed only before it is returned.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        #[cfg(target_os = "linux")]
        if layout.size() >= MIN_ZEROED_BYTES && EAGER.load(Ordering::Relaxed) {
            // SAFETY: as the caller promises.
            let block = unsafe { MiMalloc.alloc(layout) };
            if !block.is_null() {
                // SAFETY: the block has this size, and nothing else refers to it.
                zeros::fill(unsafe { std::slice::from_raw_parts_mut(block.cast(), layout.size()) });
            }
            return block;
        }
        // SAFETY: as the caller promises.
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { MiMalloc.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { MiMalloc.dealloc(block, layout) }
    }
}

#[cfg(target_os = "linux")]
mod zeros {
    use std::mem::MaybeUninit;

    use rustix::mm::{Advice, madvise};

    /// Zeroes a block by returning its whole pages to the system, which provides zeroed pages at the next access.
    #[allow(unsafe_code, reason = "a system call that changes memory")]
    pub(super) fn fill(block: &mut [MaybeUninit<u8>]) {
        let page = rustix::param::page_size();
        let before = block.as_ptr().align_offset(page).min(block.len());
        let (before, rest) = block.split_at_mut(before);
        let (pages, after) = rest.split_at_mut(rest.len() / page * page);
        before.fill(MaybeUninit::new(0));
        after.fill(MaybeUninit::new(0));
        // SAFETY: the pages are whole and private, and the block is borrowed exclusively.
        if unsafe { madvise(pages.as_mut_ptr().cast(), pages.len(), Advice::LinuxDontNeed) }.is_err() {
            pages.fill(MaybeUninit::new(0));
        }
    }
}

/// Guard during which freed memory returns to the system immediately, and untouched parts of large zeroed blocks are
/// not resident. Otherwise mimalloc purges a heap only at its next allocation, which may never come after a store is
/// opened. It is not the default, because it would slow down embedding.
pub struct EagerPurge(());

/// The number of guards, and the purge delay before the first one.
static GUARDS: Mutex<(usize, c_long)> = Mutex::new((0, 0));
/// Whether there is a guard.
static EAGER: AtomicBool = AtomicBool::new(false);

/// `mi_option_purge_delay` of mimalloc 2, which its bindings leave out: milliseconds.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

impl EagerPurge {
    pub fn begin() -> Self {
        let (alive, before) = &mut *GUARDS.lock();
        if *alive == 0 {
            *before = set_purge_delay(0);
            EAGER.store(true, Ordering::Relaxed);
        }
        *alive += 1;
        Self(())
    }
}

impl Drop for EagerPurge {
    fn drop(&mut self) {
        let (alive, before) = &mut *GUARDS.lock();
        *alive -= 1;
        if *alive == 0 {
            set_purge_delay(*before);
            EAGER.store(false, Ordering::Relaxed);
        }
    }
}

/// Sets the delay and returns the previous one.
#[allow(unsafe_code, reason = "mimalloc has its options behind C functions")]
fn set_purge_delay(milliseconds: c_long) -> c_long {
    // SAFETY: reads and sets a word that mimalloc reads; any thread may, at any time.
    unsafe {
        let before = libmimalloc_sys::mi_option_get(PURGE_DELAY);
        libmimalloc_sys::mi_option_set(PURGE_DELAY, milliseconds);
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Held by each test, because they change state of the process.
    static EXCLUSIVE: Mutex<()> = Mutex::new(());

    #[allow(unsafe_code, reason = "mimalloc has its options behind C functions")]
    fn delay() -> c_long {
        // SAFETY: reads a word.
        unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) }
    }

    #[test]
    fn the_purge_delay_is_restored_when_the_last_guard_is_dropped() {
        let _exclusive = EXCLUSIVE.lock();
        let before = delay();
        assert!(before > 0, "the option has another number in this version of mimalloc");
        let first = EagerPurge::begin();
        let second = EagerPurge::begin();
        drop(first);
        assert_eq!(delay(), 0);
        drop(second);
        assert_eq!(delay(), before);
    }

    #[cfg(target_os = "linux")]
    #[test]
    #[allow(unsafe_code, reason = "reads what was filled")]
    fn only_the_given_range_is_zeroed() {
        use std::mem::MaybeUninit;
        let mut block = vec![MaybeUninit::new(1_u8); 1 << 20];
        for (from, to) in [(0, 1 << 20), (1, 100), (5_000, 5_000), (4_096, 12_288), (300_001, 900_003)] {
            block.fill(MaybeUninit::new(1));
            zeros::fill(&mut block[from..to]);
            for (at, byte) in block.iter().enumerate() {
                // SAFETY: all of it was written above, or is what the system gives.
                let zero = unsafe { byte.assume_init() } == 0;
                assert_eq!(zero, (from..to).contains(&at), "{at} of {from}..{to}");
            }
        }
    }

    #[test]
    fn large_zeroed_blocks_are_zero() {
        let _exclusive = EXCLUSIVE.lock();
        let _eager = EagerPurge::begin();
        for size in [MIN_ZEROED_BYTES - 1, MIN_ZEROED_BYTES, MIN_ZEROED_BYTES + 12_345, 5 << 20] {
            drop(std::hint::black_box(vec![1_u8; size]));
            assert!(std::hint::black_box(vec![0_u8; size]).iter().all(|byte| *byte == 0), "{size}");
        }
    }
}

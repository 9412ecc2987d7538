//! Who hands out memory? mimalloc: one run of the model allocates and frees megabytes; glibc gives them back to the system
//! each time and pays for every page again.

use std::alloc::{GlobalAlloc, Layout};
use std::ffi::c_long;
use std::sync::atomic::{AtomicBool, Ordering};

use mimalloc::MiMalloc;
use parking_lot::Mutex;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// mimalloc, save for large memory of zeros while a [`EagerPurge`] lives.
struct Allocator;

/// sled asks for 28 MB of zeros, most of which it never touches: the tables of its pages, and of measurements that are off.
/// In memory that was in use before, mimalloc writes the zeros, and all of it is resident.
const MANY_ZEROS: usize = 256 * 1024;

#[allow(unsafe_code, reason = "the trait is unsafe")]
// SAFETY: mimalloc's, whose blocks are only changed where they are handed out.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        #[cfg(target_os = "linux")]
        if layout.size() >= MANY_ZEROS && THRIFTY.load(Ordering::Relaxed) {
            // SAFETY: as the caller promises.
            let block = unsafe { MiMalloc.alloc(layout) };
            if !block.is_null() {
                // SAFETY: the block has this size and nobody else has it.
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

    /// Gives whole pages back to the system, which has zeros for who touches them next.
    #[allow(unsafe_code, reason = "a system call that changes memory")]
    pub(super) fn fill(block: &mut [MaybeUninit<u8>]) {
        let page = rustix::param::page_size();
        let before = block.as_ptr().align_offset(page).min(block.len());
        let (before, rest) = block.split_at_mut(before);
        let (pages, after) = rest.split_at_mut(rest.len() / page * page);
        before.fill(MaybeUninit::new(0));
        after.fill(MaybeUninit::new(0));
        // SAFETY: the pages are whole, private, and nobody else's.
        if unsafe { madvise(pages.as_mut_ptr().cast(), pages.len(), Advice::LinuxDontNeed) }.is_err() {
            pages.fill(MaybeUninit::new(0));
        }
    }
}

/// While one of these lives, what is freed goes back to the system at once instead of a little later: later means when
/// somebody allocates again in the same place, which after opening a store may never be. It was a seventh of what a store of
/// 10 000 memories takes. At all times it would make embedding half as slow again. And of [`MANY_ZEROS`] only those that are
/// written to are resident.
pub struct EagerPurge(());

/// How many there are, and what the delay was before.
static THRIFTS: Mutex<(usize, c_long)> = Mutex::new((0, 0));
/// Whether there is one.
static THRIFTY: AtomicBool = AtomicBool::new(false);

/// `mi_option_purge_delay` of mimalloc 2, which its bindings leave out: milliseconds.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

impl EagerPurge {
    pub fn begin() -> Self {
        let (alive, before) = &mut *THRIFTS.lock();
        if *alive == 0 {
            *before = set_purge_delay(0);
            THRIFTY.store(true, Ordering::Relaxed);
        }
        *alive += 1;
        Self(())
    }
}

impl Drop for EagerPurge {
    fn drop(&mut self) {
        let (alive, before) = &mut *THRIFTS.lock();
        *alive -= 1;
        if *alive == 0 {
            set_purge_delay(*before);
            THRIFTY.store(false, Ordering::Relaxed);
        }
    }
}

/// Answers what it was.
#[allow(unsafe_code, reason = "mimalloc has its options behind C functions")]
fn set_purge_delay(milliseconds: c_long) -> c_long {
    // SAFETY: reads and sets a word that mimalloc reads; any thread may, at any time.
    unsafe {
        let before = libmimalloc_sys::mi_option_get(PURGE_DELAY);
        libmimalloc_sys::mi_option_set(PURGE_DELAY, milliseconds);
        before
    }
}

/// `mi_option_abandoned_page_purge` of mimalloc 2, which its bindings leave out.
const ABANDONED_PAGE_PURGE: libmimalloc_sys::mi_option_t = 12;

/// What a thread had freed when it ends goes back to the system: for the thread that fills the index this is as much as
/// the index.
#[allow(unsafe_code, reason = "mimalloc has its options behind C functions")]
pub fn purge_when_threads_end() {
    // SAFETY: sets a word that mimalloc reads; any thread may, at any time.
    unsafe { libmimalloc_sys::mi_option_set_enabled(ABANDONED_PAGE_PURGE, true) };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What both tests change is the process's.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    #[allow(unsafe_code, reason = "mimalloc has its options behind C functions")]
    fn delay() -> c_long {
        // SAFETY: reads a word.
        unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) }
    }

    #[test]
    fn the_delay_comes_back_when_the_last_has_gone() {
        let _alone = ONE_AT_A_TIME.lock();
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
    fn what_is_filled_with_zeros_is_zero_and_nothing_beside_it() {
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
    fn many_zeros_are_zeros() {
        let _alone = ONE_AT_A_TIME.lock();
        let _thrift = EagerPurge::begin();
        for size in [MANY_ZEROS - 1, MANY_ZEROS, MANY_ZEROS + 12_345, 5 << 20] {
            drop(std::hint::black_box(vec![1_u8; size]));
            assert!(std::hint::black_box(vec![0_u8; size]).iter().all(|byte| *byte == 0), "{size}");
        }
    }
}

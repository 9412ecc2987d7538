//! Who hands out memory? mimalloc: one run of the model allocates and frees megabytes; glibc gives them back to the system
//! each time and pays for every page again.

use std::ffi::c_long;

use parking_lot::Mutex;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// While one of these lives, what is freed goes back to the system at once instead of a little later: later means when
/// somebody allocates again in the same place, which after opening a store may never be. It was a seventh of what a store of
/// 10 000 memories takes. At all times it would make embedding half as slow again.
pub struct Thrift(());

/// How many there are, and what the delay was before.
static THRIFTS: Mutex<(usize, c_long)> = Mutex::new((0, 0));

/// `mi_option_purge_delay` of mimalloc 2, which its bindings leave out: milliseconds.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

impl Thrift {
    pub fn begin() -> Self {
        let (alive, before) = &mut *THRIFTS.lock();
        if *alive == 0 {
            *before = set_purge_delay(0);
        }
        *alive += 1;
        Self(())
    }
}

impl Drop for Thrift {
    fn drop(&mut self) {
        let (alive, before) = &mut *THRIFTS.lock();
        *alive -= 1;
        if *alive == 0 {
            set_purge_delay(*before);
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

    #[allow(unsafe_code, reason = "mimalloc has its options behind C functions")]
    fn delay() -> c_long {
        // SAFETY: reads a word.
        unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) }
    }

    #[test]
    fn the_delay_comes_back_when_the_last_has_gone() {
        let before = delay();
        assert!(before > 0, "the option has another number in this version of mimalloc");
        let first = Thrift::begin();
        let second = Thrift::begin();
        drop(first);
        assert_eq!(delay(), 0);
        drop(second);
        assert_eq!(delay(), before);
    }
}

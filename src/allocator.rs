//! Who hands out memory? mimalloc: one run of the model allocates and frees megabytes; glibc gives them back to the system
//! each time and pays for every page again.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_abandoned_page_purge` of mimalloc 2, which its bindings leave out.
const ABANDONED_PAGE_PURGE: libmimalloc_sys::mi_option_t = 12;

/// What a thread had freed when it ends goes back to the system: for the thread that fills the index this is as much as
/// the index.
#[allow(unsafe_code, reason = "mimalloc has its options behind C functions")]
pub fn purge_when_threads_end() {
    // SAFETY: sets a word that mimalloc reads; any thread may, at any time.
    unsafe { libmimalloc_sys::mi_option_set_enabled(ABANDONED_PAGE_PURGE, true) };
}

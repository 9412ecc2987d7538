//! How is memory that is read soon got into the cache? By an instruction that waits for nothing: nobody but us knows which
//! comes next.

/// Bytes that come from memory together.
pub(super) const LINE: usize = 64;

/// Has the line that begins here on its way, where there is a safe function for that.
#[cfg(target_arch = "x86_64")]
pub(super) use safe_arch::prefetch_t0 as fetch;

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn fetch<T>(_: &T) {}

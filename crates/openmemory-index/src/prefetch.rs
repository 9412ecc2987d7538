//! How is memory loaded into the cache before it is read? By a prefetch instruction; the hardware cannot predict which
//! row comes next.

/// Bytes of a cache line.
pub(super) const CACHE_LINE: usize = 64;

/// Prefetches a cache line, on processors for which there is a safe function.
#[cfg(target_arch = "x86_64")]
pub(super) use safe_arch::prefetch_t0 as prefetch;

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn prefetch<T>(_: &T) {}

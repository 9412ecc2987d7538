//! How large may each file become? Beyond its limit it is reduced concurrently with commits: a checkpoint replaces the
//! log and the previous checkpoint, and sled is rebuilt.

#[derive(Debug, Clone, Copy)]
pub struct SizeLimits {
    /// A log segment, unless a single record is larger. Tests use smaller ones.
    pub segment_bytes: u64,
    /// The whole log of a store with few rows.
    pub log_bytes: u64,
}

impl SizeLimits {
    /// The whole log of a store with this many bytes of rows.
    pub(crate) fn log(&self, live: u64) -> u64 {
        self.log_bytes.max(live / 4)
    }

    /// The checkpoint, which takes 0.6 to 1 times the size of its rows.
    pub(crate) fn checkpoint(&self, live: u64) -> u64 {
        live / 4 * 5 + self.fixed_bytes()
    }

    /// The sled tree. A new tree usually takes 2 to 2.3 times its rows. If it took more, rebuilding cannot help:
    /// `fresh_ratio` is from [`SizeLimits::fresh_ratio`], or 0 if unknown.
    pub(crate) fn sled(&self, live: u64, fresh_ratio: u64) -> u64 {
        live.saturating_mul((fresh_ratio / 4 * 5).max(250)) / 100 + self.fixed_bytes()
    }

    /// The size of a newly built tree, in percent of its rows.
    pub(crate) fn fresh_ratio(&self, bytes: u64, live: u64) -> u64 {
        bytes.saturating_sub(self.fixed_bytes()).saturating_mul(100) / live.max(1)
    }

    /// The size of a file without rows, at most.
    fn fixed_bytes(&self) -> u64 {
        self.log_bytes / 2
    }
}

impl Default for SizeLimits {
    fn default() -> Self {
        Self { segment_bytes: 2 * 1024 * 1024, log_bytes: 16 * 1024 * 1024 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1 << 20;

    #[test]
    fn a_tree_may_exceed_its_fresh_size_by_a_quarter() {
        let bounds = SizeLimits::default();
        assert_eq!(bounds.sled(100 * MB, 0), 258 * MB);
        let usual = bounds.fresh_ratio(200 * MB, 100 * MB);
        assert_eq!(bounds.sled(100 * MB, usual), 258 * MB);
        let unusual = bounds.fresh_ratio(408 * MB, 100 * MB);
        assert_eq!(bounds.sled(100 * MB, unusual), 508 * MB);
    }

    #[test]
    fn the_limit_falls_when_rows_are_removed() {
        let bounds = SizeLimits::default();
        for bytes in [220 * MB, 408 * MB] {
            let fresh_ratio = bounds.fresh_ratio(bytes, 100 * MB);
            assert!(bounds.sled(10 * MB, fresh_ratio) < 60 * MB);
        }
    }
}

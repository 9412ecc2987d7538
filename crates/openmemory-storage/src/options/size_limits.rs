//! How large may each of the files become? What is beyond is made smaller beside the commits: a checkpoint lets go of the
//! log and of the checkpoint before it, and sled is built anew.

/// After so many checkpoints sled is built anew, however large it is: with every change it has more pages, less full, and
/// takes more memory and longer to open.
const MAX_CHECKPOINTS_PER_TREE: u32 = 16;

#[derive(Debug, Clone, Copy)]
pub struct SizeLimits {
    /// A segment of the log, unless a single record is larger. Tests take smaller ones.
    pub segment_bytes: u64,
    /// The whole log of a store with few rows.
    pub log_bytes: u64,
}

impl SizeLimits {
    /// The whole log of a store with so many bytes of rows.
    pub(crate) fn log(&self, live: u64) -> u64 {
        self.log_bytes.max(live / 4)
    }

    /// The last checkpoint, which takes 0.6 to 1 times the rows that it was made of.
    pub(crate) fn checkpoint(&self, live: u64) -> u64 {
        live / 4 * 5 + self.room()
    }

    /// sled. Usually it takes 2 to 2.3 times its rows when it is built, and under steady change between 1.4 times and that.
    /// Where it took more, another one would be no smaller: `built` is from [`SizeLimits::built`], 0 if nobody knows.
    pub(crate) fn sled(&self, live: u64, built: u64) -> u64 {
        live.saturating_mul((built / 4 * 5).max(250)) / 100 + self.room()
    }

    /// How much a sled takes that was just built, in hundredths of its rows.
    pub(crate) fn built(&self, bytes: u64, live: u64) -> u64 {
        bytes.saturating_sub(self.room()).saturating_mul(100) / live.max(1)
    }

    /// What a file takes without any rows, at most.
    fn room(&self) -> u64 {
        self.log_bytes / 2
    }

    pub(crate) fn sled_is_old(checkpoints: u32) -> bool {
        checkpoints >= MAX_CHECKPOINTS_PER_TREE
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
    fn sled_may_take_some_more_than_when_it_was_built() {
        let bounds = SizeLimits::default();
        assert_eq!(bounds.sled(100 * MB, 0), 258 * MB);
        let usual = bounds.built(200 * MB, 100 * MB);
        assert_eq!(bounds.sled(100 * MB, usual), 258 * MB);
        let unusual = bounds.built(408 * MB, 100 * MB);
        assert_eq!(bounds.sled(100 * MB, unusual), 508 * MB);
    }

    #[test]
    fn a_sled_is_too_large_for_rows_that_have_gone() {
        let bounds = SizeLimits::default();
        for bytes in [220 * MB, 408 * MB] {
            let built = bounds.built(bytes, 100 * MB);
            assert!(bounds.sled(10 * MB, built) < 60 * MB);
        }
    }

    #[test]
    fn sled_is_old_after_sixteen_checkpoints() {
        assert!(!SizeLimits::sled_is_old(15));
        assert!(SizeLimits::sled_is_old(16));
    }
}

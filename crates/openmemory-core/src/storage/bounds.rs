//! How large may each of the files become? What is beyond is made smaller beside the commits: a checkpoint lets go of the
//! log and of the checkpoint before it, and sled is built anew.

/// After so many checkpoints sled is built anew, however large it is: with every change it has more pages, less full, and
/// takes more memory and longer to open.
const CHECKPOINTS_OF_A_SLED: u32 = 16;

#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// A segment of the log, unless a single record is larger. Tests take smaller ones.
    pub segment_bytes: u64,
    /// The whole log of a store with few rows.
    pub log_bytes: u64,
}

impl Bounds {
    /// The whole log of a store with so many bytes of rows.
    pub(super) fn log(&self, live: u64) -> u64 {
        self.log_bytes.max(live / 4)
    }

    /// The last checkpoint, which takes 0.6 to 1 times the rows that it was made of.
    pub(super) fn checkpoint(&self, live: u64) -> u64 {
        live + self.log_bytes / 2
    }

    /// sled, which took so many bytes when it was built; 0 if nobody knows. Usually that is 2 to 2.3 times its rows, and
    /// under steady change it stays between 1.4 times and that. Where it was more, another one would be no smaller.
    pub(super) fn sled(&self, live: u64, built: u64) -> u64 {
        (live / 2 * 5).max(built / 4 * 5) + self.log_bytes / 2
    }

    pub(super) fn sled_is_old(checkpoints: u32) -> bool {
        checkpoints >= CHECKPOINTS_OF_A_SLED
    }
}

impl Default for Bounds {
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
        let bounds = Bounds::default();
        assert_eq!(bounds.sled(100 * MB, 0), 258 * MB);
        assert_eq!(bounds.sled(100 * MB, 180 * MB), 258 * MB);
        assert_eq!(bounds.sled(100 * MB, 400 * MB), 508 * MB);
    }

    #[test]
    fn sled_is_old_after_sixteen_checkpoints() {
        assert!(!Bounds::sled_is_old(15));
        assert!(Bounds::sled_is_old(16));
    }
}

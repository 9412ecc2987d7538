//! How large may the files become? What is beyond is made smaller beside the commits: a checkpoint lets go of the log,
//! and sled is built anew.

#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// A segment of the log, unless a single record is larger. Tests take smaller ones.
    pub segment_bytes: u64,
    /// The whole log of a store with few rows.
    pub log_bytes: u64,
    /// After so many checkpoints sled is built anew, however large it is: with every change it has more pages, less full,
    /// and takes more memory and longer to open.
    pub checkpoints_of_a_sled: u32,
}

impl Bounds {
    /// The whole log of a store with so many bytes of rows.
    pub(super) fn log(&self, live: u64) -> u64 {
        self.log_bytes.max(live / 4)
    }

    /// Whether sled is to be built anew that takes so many bytes for so many of rows, and was built so many checkpoints ago.
    pub(super) fn sled_is_worn(&self, bytes: u64, live: u64, checkpoints: u32) -> bool {
        // One that was just built takes twice its rows at most, and under steady change about as much.
        bytes > live * 2 + self.log_bytes / 2 || checkpoints >= self.checkpoints_of_a_sled
    }

    /// All files. Right after a checkpoint and with a new sled they take 2 to 2.5 times the rows.
    pub(super) fn files(&self, live: u64) -> u64 {
        live / 2 * 5 + self.log_bytes
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self { segment_bytes: 2 * 1024 * 1024, log_bytes: 16 * 1024 * 1024, checkpoints_of_a_sled: 16 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sled_wears_out_by_growing_and_by_age() {
        let bounds = Bounds::default();
        let (live, most) = (100 << 20, 208 << 20);
        assert!(!bounds.sled_is_worn(most, live, 15));
        assert!(bounds.sled_is_worn(most + 1, live, 0));
        assert!(bounds.sled_is_worn(0, live, 16));
    }
}

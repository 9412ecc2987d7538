//! How large may the files become? What is beyond is made smaller beside the commits: a checkpoint lets go of the log,
//! and sled is built anew.

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

    /// sled's files. One that was just built takes 1.4 to 1.6 times its rows, and under steady change about twice.
    pub(super) fn sled(&self, live: u64) -> u64 {
        live * 2 + self.log_bytes / 2
    }

    /// All files. Right after a checkpoint and with a new sled they take 2 to 2.5 times the rows.
    pub(super) fn files(&self, live: u64) -> u64 {
        live / 2 * 5 + self.log_bytes
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self { segment_bytes: 2 * 1024 * 1024, log_bytes: 16 * 1024 * 1024 }
    }
}

//! How large may the log become?

#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// A segment of the log, unless a single record is larger. Tests take smaller ones.
    pub segment_bytes: u64,
    /// The whole log, or a quarter of the live rows, if that is more: then a checkpoint is written.
    pub log_bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { segment_bytes: 4 * 1024 * 1024, log_bytes: 16 * 1024 * 1024 }
    }
}

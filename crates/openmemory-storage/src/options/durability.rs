//! How is a store opened, and when is a commit acknowledged?

use crate::options::size_limits::SizeLimits;

/// When is a commit acknowledged?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Once it survives a power cut.
    Flush,
    /// Immediately; a crash may lose the last half second.
    Interval,
}

/// How is a store opened?
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    pub durability: Durability,
    pub bounds: SizeLimits,
    /// Whether a store may be created in a directory that has other files.
    pub allow_non_empty: bool,
}

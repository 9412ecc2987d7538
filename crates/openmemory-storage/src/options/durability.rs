//! How is a store opened, and when does a commit answer?

use crate::options::size_limits::SizeLimits;

/// When does a commit answer?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// When it survives a power cut.
    Flush,
    /// At once; a crash may lose the last half second.
    Interval,
}

/// How is a store opened?
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    pub durability: Durability,
    pub bounds: SizeLimits,
    /// Whether a new store may be made in a directory that holds other things.
    pub allow_non_empty: bool,
}

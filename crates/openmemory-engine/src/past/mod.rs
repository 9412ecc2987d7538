//! Which texts were replaced, and how are they searched? Like current ones, in partitions of their own, which exist only
//! while somebody asks about the past.

mod load;
mod resident;
mod scoped;

pub(super) use resident::Past;
pub(super) use scoped::{FoundText, ScopedPast};

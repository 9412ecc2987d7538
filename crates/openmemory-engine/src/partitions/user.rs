//! Whose memories are in a partition?

/// A user, or none for memories without a user.
pub(crate) type User = Option<Box<str>>;

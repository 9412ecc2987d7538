//! Whose memories are in a partition?

use openmemory_domain::Scope;

/// A user, or none for memories without a user.
pub(crate) type User = Option<Box<str>>;

/// The user of a memory with this scope.
pub(crate) fn user_of(scope: &Scope) -> User {
    scope.user_id.as_deref().map(Box::from)
}

//! Which scope is a memory in? That of its user and tenant, which never changes.

use openmemory_domain::Scope;
use uuid::Uuid;

/// The key of a scope, by which its rows are placed.
pub(crate) type ScopeKey = Uuid;

/// The key of the memories of a user, or of those without one.
pub(crate) fn of_user(tenant: &str, user: Option<&str>) -> ScopeKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(tenant.len() as u64).to_le_bytes()).update(tenant.as_bytes());
    if let Some(user) = user {
        hasher.update(b"u").update(user.as_bytes());
    }
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Uuid::from_bytes(key)
}

pub(crate) fn of_scope(tenant: &str, scope: &Scope) -> ScopeKey {
    of_user(tenant, scope.user_id.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_users_share_a_scope() {
        let keys = [
            of_user("a", None),
            of_user("a", Some("")),
            of_user("au", None),
            of_user("", Some("a")),
            of_user("a", Some("b")),
        ];
        assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), keys.len());
    }
}

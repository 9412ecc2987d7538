//! Who owns memories on a server? A tenant: nothing of one is within reach of another, be it an id, a count, a link, a
//! tombstone or a neighbour in the index.

use std::fmt;

use openmemory_rules::contract::DEFAULT_TENANT;

/// 1 to 64 of `a`–`z`, `0`–`9`, `-` and `_`: a name that is also a directory's on every system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tenant(String);

impl Tenant {
    /// The tenant whose store embedded users of the directory share.
    pub fn own() -> Self {
        Self(DEFAULT_TENANT.into())
    }

    pub fn read(name: &str) -> Option<Self> {
        names_directory(name).then(|| Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a name is a directory's on every system, and no way to another one.
pub(crate) fn names_directory(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    (1..=64).contains(&name.len()) && name.chars().all(fits)
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_tenant_is_one_of_a_directory_on_every_system() {
        for name in ["a", "acme-2", "key_1", &"x".repeat(64)] {
            assert_eq!(Tenant::read(name).unwrap().as_str(), name);
        }
        for name in ["", "A", "a/b", "..", "a b", "é", "a.", &"x".repeat(65)] {
            assert_eq!(Tenant::read(name), None, "{name}");
        }
    }
}

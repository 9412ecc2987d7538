//! What is a tenant? The owner of memories on a server. No request of one tenant can reach anything of another: no id,
//! count, link, tombstone or index entry.

use std::fmt;

use openmemory_rules::contract::DEFAULT_TENANT;

/// The name of a tenant: 1 to 64 of `a`–`z`, `0`–`9`, `-` and `_`, which is a valid directory name on every system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tenant(String);

impl Tenant {
    /// The default tenant, whose store is shared with embedded users of the directory.
    pub fn default_tenant() -> Self {
        Self(DEFAULT_TENANT.into())
    }

    pub fn read(name: &str) -> Option<Self> {
        names_directory(name).then(|| Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a name is a valid directory name on every system and contains no path.
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
    fn a_tenant_name_is_a_valid_directory_name_on_every_system() {
        for name in ["a", "acme-2", "key_1", &"x".repeat(64)] {
            assert_eq!(Tenant::read(name).unwrap().as_str(), name);
        }
        for name in ["", "A", "a/b", "..", "a b", "é", "a.", &"x".repeat(65)] {
            assert_eq!(Tenant::read(name), None, "{name}");
        }
    }
}

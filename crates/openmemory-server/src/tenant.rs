//! What is a tenant? The owner of memories on a server. No request of one tenant can reach anything of another: no id,
//! count, link, tombstone or index entry.

use std::fmt;

use openmemory_rules::contract::DEFAULT_TENANT;

/// The name of a tenant: 1 to 64 of `a`–`z`, `0`–`9`, `-` and `_`, and no device of Windows. So it is a valid directory name
/// on every system, and a server's directory can be moved to another one.
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
    (1..=64).contains(&name.len()) && name.chars().all(fits) && !names_device(name)
}

/// Whether Windows takes a name for a device, in any directory.
pub(crate) fn names_device(name: &str) -> bool {
    let numbered = name.strip_prefix("com").or_else(|| name.strip_prefix("lpt"));
    ["con", "prn", "aux", "nul"].contains(&name)
        || numbered.is_some_and(|port| matches!(port.as_bytes(), [b'0'..=b'9']))
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
        for name in ["a", "acme-2", "key_1", "console", "com", "com10", "null", &"x".repeat(64)] {
            assert_eq!(Tenant::read(name).unwrap().as_str(), name);
        }
        for name in ["", "A", "a/b", "..", "a b", "é", "a.", "a ", "nul.txt", &"x".repeat(65)] {
            assert_eq!(Tenant::read(name), None, "{name}");
        }
        for name in ["con", "prn", "aux", "nul", "com1", "com9", "lpt1", "lpt9"] {
            assert_eq!(Tenant::read(name), None, "{name}");
        }
    }
}

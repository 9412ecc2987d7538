//! What was read of a binary, whatever its format is.

use std::fmt;

use crate::platform::Platform;

#[derive(Clone, Debug)]
pub struct Binary {
    pub platform: Platform,
    /// Names without the leading underscore of macOS.
    pub exports: Vec<String>,
    /// Libraries that are loaded together with it.
    pub libraries: Vec<String>,
    /// Symbols that none of `libraries` has to provide: the loading process must have them.
    pub unbound: Vec<String>,
    /// The least version of glibc, macOS or Windows; musl has none.
    pub least_system: Option<Version>,
    /// Versions of symbols that are not numbers, such as `GLIBC_PRIVATE`.
    pub odd_versions: Vec<String>,
    /// The largest page size of a processor on which it can be mapped.
    pub page_size: u64,
    /// Whether a shared object of Linux keeps the names of its own functions, which nothing reads when it runs. Elsewhere
    /// they are not told from those that a loader reads.
    pub names_own_functions: bool,
    /// The name that a macOS library has for programs linked with it.
    pub install_name: Option<String>,
    pub signature: Signature,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    Absent,
    /// Signed without an identity, which is all that macOS asks for on arm64.
    AdHoc {
        pages: u32,
    },
    /// Signed by somebody; the certificate was not looked at.
    Identity {
        pages: u32,
    },
    Broken(String),
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => write!(f, "not signed"),
            Self::AdHoc { pages } => write!(f, "signed ad hoc, all {pages} page hashes right"),
            Self::Identity { pages } => write!(f, "signed with an identity, all {pages} page hashes right"),
            Self::Broken(reason) => write!(f, "signature broken: {reason}"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("is no 64-bit binary of ELF, PE or Mach-O")]
    Format,
    #[error("is for a processor that has no package")]
    Processor,
    #[error("is no library that Node can load")]
    NotALibrary,
    #[error("is damaged: {0}")]
    Damaged(#[from] object::read::Error),
}

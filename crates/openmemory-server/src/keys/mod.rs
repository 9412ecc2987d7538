//! Who may ask, and for which tenant? Keys are kept as hashes and compared in constant time.

mod file;
mod given;
mod ring;

pub use file::{Key, KeyError, KeyFile, NewKey, Role};
pub use given::GivenKeyError;
pub(crate) use ring::{Caller, Keyring};

use sha2::{Digest, Sha256};
use thiserror::Error;

/// Why a server's keys cannot be used.
#[derive(Debug, Error)]
pub enum KeysError {
    #[error(transparent)]
    Given(#[from] GivenKeyError),
    #[error("keyFile: {0}")]
    File(#[from] KeyError),
}

impl KeysError {
    /// The public code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Given(_) => "INVALID_ARGUMENT",
            Self::File(error) => error.code(),
        }
    }

    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Given(error) => Some(error.field()),
            Self::File(_) => Some("keyFile"),
        }
    }
}

/// What is kept of a key. A plain hash will do: made keys have 256 random bits, which nobody can try out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct KeyHash([u8; 32]);

impl KeyHash {
    fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    fn text(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}

fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(bytes)
}

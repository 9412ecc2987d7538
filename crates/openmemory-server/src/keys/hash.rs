//! What is stored of a key?

use sha2::{Digest, Sha256};

/// The SHA-256 of a key. A plain hash is enough, because generated keys have 256 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyHash(pub(super) [u8; 32]);

impl KeyHash {
    pub(super) fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    pub(super) fn text(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}

//! What does the index keep of the words of a text? Bytes in an encoding of its own.

use std::sync::Arc;

/// The words of a text as the index keeps them. Only the index reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Arc<[u8]>);

impl Words {
    /// `encoded` begins with the version of the encoding.
    pub fn new(encoded: Vec<u8>) -> Self {
        Self(encoded.into())
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn version(&self) -> u8 {
        self.0.first().copied().unwrap_or_default()
    }
}

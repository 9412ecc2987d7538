//! What does a memory say? Text that is kept byte for byte, and the hash that names it in storage.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Invalid, limits};

/// 1 to 200 000 characters, not only white space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content(String);

impl Content {
    pub fn read(field: &str, text: String) -> Result<Self, Invalid> {
        if text.trim().is_empty() {
            return Err(Invalid::argument(field, "must not be empty; delete the memory instead"));
        }
        // Bytes bound characters from above, so short texts need no count.
        if text.len() > limits::CONTENT_CHARACTERS && text.chars().count() > limits::CONTENT_CHARACTERS {
            return Err(Invalid::limit(
                field,
                format!("has at most {} characters; split it into several memories", limits::CONTENT_CHARACTERS),
            ));
        }
        Ok(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> ContentHash {
        ContentHash::of(&self.0)
    }
}

/// The first 128 bits of the text's BLAKE3 hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContentHash([u8; 16]);

impl ContentHash {
    pub fn of(text: &str) -> Self {
        let mut short = [0; 16];
        short.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
        Self(short)
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::InvalidKind;
    use super::*;

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        assert!(Content::read("content", "é".repeat(200_000)).is_ok());
        assert_eq!(Content::read("content", "é".repeat(200_001)).unwrap_err().kind, InvalidKind::Limit);
    }

    #[test]
    fn white_space_alone_is_empty() {
        for text in ["", " ", "\n\t\u{3000}"] {
            assert_eq!(Content::read("content", text.into()).unwrap_err().kind, InvalidKind::Argument);
        }
    }
}

//! What does a memory say? Text that is kept byte for byte, and the hash that names it in storage.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Invalid, limits};

/// 1 to 200 000 characters, at least one of which shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content(String);

impl Content {
    pub fn read(field: &str, text: String) -> Result<Self, Invalid> {
        if is_blank(&text) {
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

    /// What vectors are made of: all but a time in brackets before it, as chat logs have. That says when, not what, and
    /// makes the texts of one day look alike.
    pub fn meaning(&self) -> &str {
        let stamp = self.0.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        match stamp {
            Some((stamp, rest)) if is_stamp(stamp) && !rest.trim().is_empty() => rest.trim_start(),
            _ => &self.0,
        }
    }

    pub fn hash(&self) -> ContentHash {
        ContentHash::of(&self.0)
    }
}

/// Whether a text shows nothing: white space, and characters of no width.
fn is_blank(text: &str) -> bool {
    let invisible = |c: char| {
        let no_width = matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}');
        no_width
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
    };
    text.chars().all(|c| c.is_whitespace() || c.is_control() || invisible(c))
}

/// Whether a short text is a date or a time: a year or a clock, and nothing that dates do not have.
fn is_stamp(text: &str) -> bool {
    let has = |found: fn(&[u8]) -> bool, width: usize| text.as_bytes().windows(width).any(found);
    let year = has(|four| four.iter().all(u8::is_ascii_digit), 4);
    let clock = has(|three| three[0].is_ascii_digit() && three[1] == b':' && three[2].is_ascii_digit(), 3);
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | ',' | '.' | ':' | '-' | '+' | '/');
    text.len() <= 64 && (year || clock) && text.chars().all(plain)
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
    fn a_time_before_the_text_is_no_part_of_its_meaning() {
        let meaning = |text: &str| Content::read("content", text.into()).unwrap().meaning().to_owned();
        for stamp in ["[1:56 pm on 8 May, 2023]", "[2023-05-08T13:56:00.000Z]", "[09:30]", "[2024年5月8日]"] {
            assert_eq!(meaning(&format!("{stamp} Ada: hello")), "Ada: hello");
        }
        for whole in ["[1] Smith and Jones", "[TODO 2023; see issue] tidy up", "[2023]", "at [2023] noon", "[1:30 open"]
        {
            assert_eq!(meaning(whole), whole);
        }
    }

    #[test]
    fn white_space_alone_is_empty() {
        for text in ["", " ", "\n\t\u{3000}"] {
            assert_eq!(Content::read("content", text.into()).unwrap_err().kind, InvalidKind::Argument);
        }
    }
}

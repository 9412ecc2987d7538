//! What is the text of a memory? It is stored byte for byte, under its hash.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Invalid, limits};

/// Separates the texts of one memory, each of which has vectors of its own: a form feed, as between the pages of a document.
pub const TEXT_SEPARATOR: char = '\u{c}';

/// 1 to 200 000 characters, at least one of them visible; or none, for a memory that only filters find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content(String);

impl Content {
    /// No text.
    pub fn none() -> Self {
        Self(String::new())
    }

    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of a record: empty if the memory has none.
    pub fn recorded(field: &str, text: String) -> Result<Self, Invalid> {
        if text.is_empty() { Ok(Self::none()) } else { Self::read(field, text) }
    }

    /// Several texts as one.
    pub fn of_texts(field: &str, texts: &[String]) -> Result<Self, Invalid> {
        if texts.is_empty() {
            return Err(Invalid::argument(field, "must not be empty; null is a memory without text"));
        }
        if let Some(at) = texts.iter().position(|text| is_blank(text)) {
            return Err(Invalid::argument(format!("{field}[{at}]"), "must not be empty"));
        }
        Self::read(field, texts.join(TEXT_SEPARATOR.encode_utf8(&mut [0; 1])))
    }

    pub fn read(field: &str, text: String) -> Result<Self, Invalid> {
        if is_blank(&text) {
            return Err(Invalid::argument(field, "must not be empty; delete the memory instead"));
        }
        // A text has at most as many characters as bytes, so short texts need no count.
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

    /// The text to embed: everything after a leading time in brackets, as chat logs have it. The time is not part of
    /// the subject, and would make all texts of one day similar.
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

/// Whether a text has no visible character: only white space, control characters and characters of zero width.
fn is_blank(text: &str) -> bool {
    let invisible = |c: char| {
        let no_width = matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}');
        no_width
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
    };
    text.chars().all(|c| c.is_whitespace() || c.is_control() || invisible(c))
}

/// Whether a short text is a date or a time: it has a year or a clock time, and only characters that dates use.
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

    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
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
    fn a_leading_timestamp_is_not_embedded() {
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
    fn several_texts_are_one_content() {
        let texts = |texts: &[&str]| {
            Content::of_texts("content", &texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
        };
        let content = texts(&["tea", "coffee"]).unwrap();
        assert_eq!(content.as_str(), "tea\u{c}coffee");
        assert_eq!(texts(&["tea", " "]).unwrap_err().field, "content[1]");
        assert_eq!(texts(&[]).unwrap_err().field, "content");
    }

    #[test]
    fn a_record_may_have_no_text() {
        assert!(Content::recorded("content", String::new()).unwrap().is_none());
        assert!(Content::recorded("content", " ".into()).is_err());
    }

    #[test]
    fn a_blank_text_is_rejected() {
        for text in ["", " ", "\n\t\u{3000}"] {
            assert_eq!(Content::read("content", text.into()).unwrap_err().kind, InvalidKind::Argument);
        }
    }
}

//! What does the index keep of a text? The terms by which it is found. They are stored, so that loading splits no words.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

use crate::language::Language;
use crate::word::Word;
use crate::words::{language, term, words};

/// The terms of a text, with counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms<'a> {
    pub(super) language: Language,
    pub(super) is_question: bool,
    /// The number of words, without stop words; two pairs of characters count as one.
    pub(super) length: u32,
    /// Sorted and distinct.
    pub(super) counts: Vec<(Cow<'a, str>, u16)>,
}

/// [`Terms`] as they are stored.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    language: Language,
    is_question: bool,
    length: u32,
    #[serde(borrow)]
    counts: Vec<(&'a str, u16)>,
}

/// Bytes that [`Terms::encode`] has not written in this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("terms of another version")]
pub struct UnknownTerms;

impl Terms<'_> {
    /// Each term once, sorted.
    pub fn terms(&self) -> impl Iterator<Item = &str> {
        self.counts.iter().map(|(term, _)| &**term)
    }
}

impl Terms<'static> {
    pub fn of(text: &str) -> Self {
        let words = words(text);
        let language = language(&words);
        let mut terms = Vec::with_capacity(words.len());
        let mut pairs = 0;
        for word in words {
            match word {
                Word::Spaced(word) if language.is_stop_word(&word) => {}
                Word::Spaced(word) => terms.push(term(&word, language)),
                Word::Pair(pair) => {
                    pairs += 1;
                    terms.push(pair);
                }
            }
        }
        // A word has two characters on average.
        let length = terms.len() as u32 - pairs / 2;
        // A query may be a single character.
        if !text.is_ascii() {
            terms.extend(text.nfkc().filter(|c| c.script() == Script::Han).map(String::from));
        }
        terms.sort_unstable();
        let mut counts: Vec<(Cow<'_, str>, u16)> = Vec::with_capacity(terms.len());
        for term in terms {
            match counts.last_mut() {
                Some((last, count)) if *last == term => *count = count.saturating_add(1),
                _ => counts.push((term.into(), 1)),
            }
        }
        Self { language, is_question: text.trim_end().ends_with(['?', '？', '؟']), length, counts }
    }
}

impl<'a> Terms<'a> {
    /// The version of [`Terms::of`] and of the encoding. When either changes, stored terms are made anew.
    pub const VERSION: u8 = 2;

    /// The version, and a record in postcard's format.
    pub fn encode(&self) -> Vec<u8> {
        let Self { language, is_question, length, ref counts } = *self;
        let counts = counts.iter().map(|(term, count)| (&**term, *count)).collect();
        // Writing to a vector cannot fail.
        postcard::to_extend(&Record { language, is_question, length, counts }, vec![Self::VERSION]).unwrap_or_default()
    }

    pub fn decode(bytes: &'a [u8]) -> Result<Self, UnknownTerms> {
        match bytes {
            [Self::VERSION, record @ ..] => {
                let record: Record<'_> = postcard::from_bytes(record).map_err(|_| UnknownTerms)?;
                let Record { language, is_question, length, counts } = record;
                let counts = counts.into_iter().map(|(term, count)| (Cow::Borrowed(term), count)).collect();
                Ok(Self { language, is_question, length, counts })
            }
            _ => Err(UnknownTerms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_as_they_were_written() {
        for text in ["", "Does she run, or was she running?", "我喜欢猫", "Die Häuser der Stadt, call getUserById"]
        {
            let terms = Terms::of(text);
            assert_eq!(Terms::decode(&terms.encode()), Ok(terms));
        }
    }

    #[test]
    fn terms_of_another_version_and_cut_ones_are_not_read() {
        let mut bytes = Terms::of("tea and coffee").encode();
        assert_eq!(Terms::decode(&bytes[..bytes.len() - 1]), Err(UnknownTerms));
        bytes[0] += 1;
        assert_eq!(Terms::decode(&bytes), Err(UnknownTerms));
        assert_eq!(Terms::decode(&[]), Err(UnknownTerms));
    }
}

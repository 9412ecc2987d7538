//! Which language is a text in, and what are the stems of its words?

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use serde::{Deserialize, Serialize};

use super::stop_words::stop_words;

/// The languages with a Snowball stemmer and a list of stop words, by ISO 639-1 code. Their places are stored: see
/// [`crate::terms::Terms::VERSION`].
const LANGUAGES: [(&str, Algorithm); 18] = [
    ("en", Algorithm::English),
    ("ar", Algorithm::Arabic),
    ("da", Algorithm::Danish),
    ("de", Algorithm::German),
    ("el", Algorithm::Greek),
    ("es", Algorithm::Spanish),
    ("fi", Algorithm::Finnish),
    ("fr", Algorithm::French),
    ("hu", Algorithm::Hungarian),
    ("it", Algorithm::Italian),
    ("nl", Algorithm::Dutch),
    ("no", Algorithm::Norwegian),
    ("pt", Algorithm::Portuguese),
    ("ro", Algorithm::Romanian),
    ("ru", Algorithm::Russian),
    ("sv", Algorithm::Swedish),
    ("ta", Algorithm::Tamil),
    ("tr", Algorithm::Turkish),
];

/// Each stop word with a bit per language.
static STOP_WORDS: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| {
    let mut words: HashMap<&'static str, u32> = HashMap::new();
    for (at, (code, _)) in LANGUAGES.iter().enumerate() {
        for word in stop_words(code) {
            // Split like texts: "couldn't" becomes two words.
            word.split('\'')
                .filter(|part| !part.is_empty())
                .for_each(|part| *words.entry(part).or_default() |= 1 << at);
        }
    }
    words
});

/// A place in [`LANGUAGES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8")]
pub(super) struct Language(u8);

impl TryFrom<u8> for Language {
    type Error = &'static str;

    fn try_from(at: u8) -> Result<Self, Self::Error> {
        if usize::from(at) < Self::COUNT { Ok(Self(at)) } else { Err("no such language") }
    }
}

impl Language {
    pub(super) const COUNT: usize = LANGUAGES.len();
    pub(super) const ENGLISH: Self = Self(0);

    pub(super) fn all() -> impl DoubleEndedIterator<Item = Self> {
        (0..Self::COUNT).map(|at| Self(at as u8))
    }

    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The language with the most stop words among these lower-case words; English if there are none.
    pub(super) fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut counts = [0u32; Self::COUNT];
        for languages in words.filter_map(|word| STOP_WORDS.get(word)) {
            (0..Self::COUNT).filter(|at| languages & (1 << at) != 0).for_each(|at| counts[at] += 1);
        }
        // The first of equal languages wins, and English is first.
        Self::all().rev().max_by_key(|language| counts[language.index()]).unwrap_or(Self::ENGLISH)
    }

    pub(super) fn is_stop_word(self, word: &str) -> bool {
        STOP_WORDS.get(word).is_some_and(|languages| languages & (1 << self.0) != 0)
    }

    /// The stem of a lower-case word, by Snowball's algorithm for the language.
    pub(super) fn stem(self, word: &str) -> Cow<'_, str> {
        Stemmer::create(LANGUAGES[self.index()].1).stem(word).into_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_stop_words() {
        for (code, _) in LANGUAGES {
            assert!(stop_words(code).next().is_some(), "{code}");
        }
    }
}

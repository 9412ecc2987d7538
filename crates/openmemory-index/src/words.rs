//! What are the words of a text?
//!
//! Texts are split by Unicode's rules (UAX #29) and at apostrophes, normalised to NFKC and lower-cased. Scripts without
//! spaces, and Korean, are split by `unspaced.rs`. An identifier gives itself and its parts. Emoji and
//! other symbols are words, and signs that distinguish words are part of the word: `C#`, `C++`, `A+`.

use std::mem::take;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

use super::language::Language;
use super::unspaced::{self, is_unspaced};
use super::word::Word;

/// The share of a text in other scripts that a model of English misses. Chosen by hand.
const UNREAD_UNSPACED: f32 = 0.9;
const UNREAD_ALPHABET: f32 = 0.85;

/// The share of letters in unspaced scripts, 0 to 1.
pub(super) fn unspaced_share(text: &str) -> f32 {
    mean_over_letters(text, |c| if is_unspaced(c) { 1.0 } else { 0.0 })
}

/// The share of a text that a model of English cannot read, 0 to 1. It reads next to nothing of unspaced scripts, and
/// little of other alphabets.
pub(super) fn foreign_share(text: &str) -> f32 {
    mean_over_letters(text, |c| match c.script() {
        _ if is_unspaced(c) => UNREAD_UNSPACED,
        Script::Latin | Script::Common | Script::Inherited => 0.0,
        _ => UNREAD_ALPHABET,
    })
}

/// The mean of `of` over all letters.
fn mean_over_letters(text: &str, of: impl Fn(char) -> f32) -> f32 {
    let (mut letters, mut sum) = (0u32, 0.0);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        sum += of(c);
    }
    if letters == 0 { 0.0 } else { sum / letters as f32 }
}

/// The words of a text that is stored.
pub(super) fn words(text: &str) -> Vec<Word> {
    split(text, unspaced::words)
}

/// The words of a query.
pub(super) fn query_words(query: &str) -> Vec<Word> {
    split(query, unspaced::query_words)
}

/// `unspaced` splits a run of characters of scripts without spaces.
fn split(text: &str, unspaced: fn(&str) -> Vec<Word>) -> Vec<Word> {
    let mut words = Vec::new();
    let mut run = String::new();
    for (at, piece) in text.split_word_bound_indices() {
        match piece.chars().next() {
            Some(first) if is_unspaced(first) => run.push_str(piece),
            Some(first) => {
                if !run.is_empty() {
                    words.extend(unspaced(&take(&mut run)));
                }
                if first.is_alphanumeric() || piece.chars().any(char::is_alphanumeric) {
                    spaced(piece, &mut words);
                    let signs = trailing_signs(&text[at + piece.len()..]);
                    if !signs.is_empty() {
                        words.push(Word::Spaced(normal(piece) + signs));
                    }
                } else if !first.is_ascii() && is_symbol(first) {
                    words.push(Word::Spaced(plain_symbol(piece)));
                }
            }
            None => {}
        }
    }
    words.extend(unspaced(&run));
    words
}

/// The signs directly after a word that make it a different word, as in `C#`, `C++` and `A+`; none if the word
/// continues.
fn trailing_signs(following: &str) -> &str {
    let end = following.find(|c| !matches!(c, '+' | '#')).unwrap_or(following.len());
    let continues = following[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    if end > 2 || continues { "" } else { &following[..end] }
}

/// Emoji, arrows, currency and mathematical signs.
fn is_symbol(c: char) -> bool {
    c.general_category_group() == GeneralCategoryGroup::Symbol
}

/// A symbol without its presentation: variation selectors and skin tones.
fn plain_symbol(piece: &str) -> String {
    let drawing = |c: &char| matches!(c, '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}');
    let plain: String = piece.chars().filter(|c| !drawing(c)).collect();
    if plain.is_empty() { piece.to_owned() } else { plain }
}

fn spaced(piece: &str, words: &mut Vec<Word>) {
    for part in piece.split(['\'', '’']).filter(|part| !part.is_empty()) {
        words.push(Word::Spaced(normal(part)));
        let parts = identifier_parts(part);
        if parts.len() > 1 {
            words.extend(parts.into_iter().filter(|part| part.len() > 1).map(|part| Word::Spaced(normal(part))));
        }
    }
}

fn normal(word: &str) -> String {
    if word.is_ascii() { word.to_ascii_lowercase() } else { word.nfkc().flat_map(char::to_lowercase).collect() }
}

/// The parts of `getUserById` and `snake_case.name`; other words are returned unchanged.
fn identifier_parts(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut lower) = (0, false);
    for (at, c) in word.char_indices() {
        let joint = matches!(c, '_' | '.' | ':');
        if joint || (lower && c.is_uppercase()) {
            parts.push(&word[start..at]);
            start = if joint { at + c.len_utf8() } else { at };
        }
        lower = c.is_lowercase();
    }
    parts.push(&word[start..]);
    // Numbers are single words: 3.5, 10.000.
    if word.chars().any(char::is_alphabetic) { parts } else { vec![word] }
}

/// The indexed form of a word: its stem, without accents.
pub(super) fn term(word: &str, language: Language) -> String {
    let stem = language.stem(word);
    if stem.is_ascii() {
        return stem.into_owned();
    }
    let accent = |c: &char| matches!(c, '\u{300}'..='\u{36f}');
    stem.nfd().filter(|c| !accent(c)).nfc().collect()
}

/// The language of the words.
pub(super) fn language(words: &[Word]) -> Language {
    Language::of(words.iter().filter_map(|word| match word {
        Word::Spaced(word) => Some(word.as_str()),
        Word::Pair(_) => None,
    }))
}

/// The normalised form of a tag, by which queries name it: its lower-case words, stemmed as English.
pub(super) fn phrase(text: &str) -> String {
    phrase_words(text).join(" ")
}

/// The words of [`phrase`].
pub(super) fn phrase_words(text: &str) -> Vec<String> {
    let plain = |word| match word {
        Word::Spaced(word) if word == "s" => None,
        Word::Spaced(word) => Some(term(&word, Language::ENGLISH)),
        Word::Pair(pair) => Some(pair),
    };
    words(text).into_iter().filter_map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::Terms;

    fn terms(text: &str) -> Vec<String> {
        Terms::of(text).counts.into_iter().map(|(term, _)| term.into_owned()).collect()
    }

    #[test]
    fn english_is_stemmed_without_stop_words() {
        assert_eq!(terms("The runners were running, weren't they? Melanie's run!"), ["melani", "run", "runner"]);
    }

    #[test]
    fn german_is_detected_and_loses_its_umlauts() {
        let found = Terms::of("Die Häuser, wo ich mit der Familie wohnte, waren grün");
        assert_eq!(found.counts.iter().map(|(t, _)| &**t).collect::<Vec<_>>(), ["famili", "grun", "haus", "wohnt"]);
        assert_ne!(found.language, Language::ENGLISH);
    }

    #[test]
    fn chinese_and_japanese_give_pairs_and_single_characters() {
        assert_eq!(terms("我喜欢猫"), ["喜", "喜欢", "我", "我喜", "欢", "欢猫", "猫"]);
        assert!(terms("カフェでコーヒーを飲む").contains(&"コー".to_owned()));
    }

    #[test]
    fn an_identifier_is_indexed_with_its_parts() {
        let found = terms("call getUserById in user_store.rs");
        for part in ["getuserbyid", "get", "user", "id", "store", "rs"] {
            assert!(found.contains(&part.to_owned()), "{part} in {found:?}");
        }
    }

    #[test]
    fn distinguishing_signs_are_part_of_a_word() {
        for (text, word) in
            [("She writes C# and C++", "c#"), ("C++, or C?", "c++"), ("an A+ in it", "a+"), ("E1234!", "e1234")]
        {
            assert!(terms(text).contains(&word.to_owned()), "{word} in {:?}", terms(text));
        }
        assert!(terms("1+1, 2 + 2, a++b, C+++++, # x").iter().all(|term| !term.contains(['+', '#'])));
    }

    #[test]
    fn emoji_and_other_symbols_are_words() {
        let found = terms("🎉🎉 ❤\u{fe0f} 👍🏽 €5 → x 😡");
        for word in ["🎉", "❤", "👍", "€", "→", "😡"] {
            assert!(found.contains(&word.to_owned()), "{word} in {found:?}");
        }
        assert!(terms("… “quoted” – ¿and?").iter().all(|term| term.chars().all(char::is_alphanumeric)));
    }

    #[test]
    fn numbers_are_not_split() {
        assert_eq!(terms("3.5 litres"), ["3.5", "litr"]);
    }

    #[test]
    fn unicode_forms_of_a_word_are_one_term() {
        assert_eq!(terms("Ａｐｐｌｅ e\u{301}clair"), terms("apple éclair"));
    }
}

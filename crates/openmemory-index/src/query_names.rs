//! Which words of a query are common names?
//!
//! A name that most memories mention pulls a query's vector towards all of them alike, so dense search drops such
//! words: capitalised, not at the beginning of the query, and in more than 15 % of the memories.

use unicode_segmentation::UnicodeSegmentation;

use super::word::Word;
use super::words::words;

/// With fewer memories no name counts as common.
const MIN_MEMORIES: u32 = 20;
const COMMON: f32 = 0.15;

/// The query without common names, or unchanged if nothing else would remain.
pub(super) fn without_names(query: &str, memories: u32, mut memories_with: impl FnMut(&str) -> u32) -> String {
    if memories < MIN_MEMORIES {
        return query.to_owned();
    }
    let mut is_common = |word: &Word| match word {
        Word::Spaced(word) => memories_with(word) as f32 > COMMON * memories as f32,
        Word::Pair(_) => false,
    };
    let (mut kept, mut has_words, mut first) = (String::with_capacity(query.len()), false, true);
    for piece in query.split_word_bounds() {
        let is_word = piece.chars().any(char::is_alphanumeric);
        let capital = piece.chars().next().is_some_and(char::is_uppercase);
        if is_word && capital && !first && words(piece).first().is_some_and(&mut is_common) {
            continue;
        }
        has_words |= is_word;
        first &= !is_word;
        // Removing a word would leave two spaces.
        if !(piece.trim().is_empty() && kept.ends_with(char::is_whitespace)) {
            kept.push_str(piece);
        }
    }
    if has_words { kept.trim().to_owned() } else { query.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(query: &str) -> String {
        without_names(query, 100, |word| if ["mel", "caroline", "when"].contains(&word) { 40 } else { 3 })
    }

    #[test]
    fn common_names_are_removed_and_rare_ones_kept() {
        assert_eq!(stripped("When did Caroline's dog meet Mel in Rome?"), "When did dog meet in Rome?");
    }

    #[test]
    fn a_query_of_names_only_is_unchanged() {
        assert_eq!(stripped("Caroline Mel"), "Caroline");
        assert_eq!(stripped("\"Caroline\""), "\"Caroline\"");
    }

    #[test]
    fn a_small_store_has_no_common_names() {
        assert_eq!(without_names("Does Mel sing?", 19, |_| 19), "Does Mel sing?");
    }
}

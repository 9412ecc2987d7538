//! Which words of a query say who, and not what?
//!
//! A name that every other memory mentions pulls a query's vector towards all of them alike. Dense search does without
//! such words: those written with a capital, not at the beginning, and in more than 15 % of the memories.

use unicode_segmentation::UnicodeSegmentation;

use super::words::{Word, words};

/// Memories below which nothing can be said to be common.
const MIN_MEMORIES: u32 = 20;
const COMMON: f32 = 0.15;

/// The query without its common names; whole if nothing else would be left.
pub(super) fn without_names(query: &str, memories: u32, memories_with: impl Fn(&str) -> u32) -> String {
    if memories < MIN_MEMORIES {
        return query.to_owned();
    }
    let is_common = |word: &Word| match word {
        Word::Spaced(word) => memories_with(word) as f32 > COMMON * memories as f32,
        Word::Gram(_) => false,
    };
    let (mut kept, mut left, mut first) = (String::with_capacity(query.len()), false, true);
    for piece in query.split_word_bounds() {
        let is_word = piece.chars().any(char::is_alphanumeric);
        let capital = piece.chars().next().is_some_and(char::is_uppercase);
        if is_word && capital && !first && words(piece).first().is_some_and(is_common) {
            continue;
        }
        left |= is_word;
        first &= !is_word;
        // A dropped word leaves two spaces behind.
        if !(piece.trim().is_empty() && kept.ends_with(char::is_whitespace)) {
            kept.push_str(piece);
        }
    }
    if left { kept.trim().to_owned() } else { query.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(query: &str) -> String {
        without_names(query, 100, |word| if ["mel", "caroline", "when"].contains(&word) { 40 } else { 3 })
    }

    #[test]
    fn common_names_go_and_rare_ones_stay() {
        assert_eq!(stripped("When did Caroline's dog meet Mel in Rome?"), "When did dog meet in Rome?");
    }

    #[test]
    fn a_query_of_nothing_but_names_stays_whole() {
        assert_eq!(stripped("Caroline Mel"), "Caroline");
        assert_eq!(stripped("\"Caroline\""), "\"Caroline\"");
    }

    #[test]
    fn in_a_small_store_nothing_is_common() {
        assert_eq!(without_names("Does Mel sing?", 19, |_| 19), "Does Mel sing?");
    }
}

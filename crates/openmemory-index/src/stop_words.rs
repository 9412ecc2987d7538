//! Which words of a language say little? `build.rs` writes the lists.

/// A line for each language: its code and the words, with tabs between them.
const LISTS: &str = include_str!(concat!(env!("OUT_DIR"), "/stop-words.txt"));

/// The stop words of a language with an ISO 639-1 code; none if there is no list of it.
pub(super) fn stop_words(code: &str) -> impl Iterator<Item = &'static str> {
    let words = LISTS.lines().find_map(|line| line.strip_prefix(code)?.strip_prefix('\t'));
    words.into_iter().flat_map(|words| words.split('\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_the_code_of_their_language() {
        for (code, word) in [("en", "couldn't"), ("ar", "إذ"), ("zh", "一些"), ("tr", "ama")] {
            assert!(stop_words(code).any(|listed| listed == word), "{word}");
        }
        assert!(!stop_words("en").any(|word| word == "ama"));
        assert_eq!(stop_words("xx").count() + stop_words("e").count() + stop_words("").count(), 0);
    }
}

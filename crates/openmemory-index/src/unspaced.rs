//! What are the words of scripts without spaces?
//!
//! Texts in Chinese, Japanese and Korean give pairs of adjacent characters: a dictionary splits a name that it does not
//! know in one way here and in another there. Of a query only the pairs within words count, since a pair across words
//! may be in no memory that answers. Thai, Lao, Khmer and Burmese have few letters, and pairs of them are in every text,
//! so the words of a dictionary are used. The dictionaries are ICU's.

use std::collections::HashSet;
use std::sync::LazyLock;

use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

use super::stop_words::stop_words;
use super::word::Word;

static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));

static STOP_WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| ["zh", "ja", "ko", "th"].into_iter().flat_map(stop_words).collect());

/// Whether words of this script are not delimited by spaces, or (Korean) have endings that no stemmer here handles.
pub(super) fn is_unspaced(c: char) -> bool {
    !c.is_ascii() && (is_written_in_letters(c) || is_written_in_syllables(c.script()) || c == 'ー')
}

fn is_written_in_syllables(script: Script) -> bool {
    matches!(script, Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul | Script::Bopomofo)
}

fn is_written_in_letters(c: char) -> bool {
    matches!(c.script(), Script::Thai | Script::Lao | Script::Khmer | Script::Myanmar | Script::Tibetan)
}

/// The words of a run of a text.
pub(super) fn words(run: &str) -> Vec<Word> {
    let run: String = run.nfkc().collect();
    if run.chars().any(is_written_in_letters) { spaced(content_words(&run)) } else { pairs(&run).collect() }
}

/// The words of a run of a query.
pub(super) fn query_words(run: &str) -> Vec<Word> {
    let run: String = run.nfkc().collect();
    let words = content_words(&run);
    if run.chars().any(is_written_in_letters) {
        return spaced(words);
    }
    // Adjacent single characters are often a name that the dictionary does not know.
    let mut joined: Vec<String> = Vec::new();
    let mut after_single = false;
    for word in words {
        let single = word.chars().nth(1).is_none();
        match joined.last_mut() {
            Some(last) if single && after_single => last.push_str(&word),
            _ => joined.push(word),
        }
        after_single = single;
    }
    joined.iter().flat_map(|word| pairs(word)).collect()
}

fn spaced(words: Vec<String>) -> Vec<Word> {
    words.into_iter().map(Word::Spaced).collect()
}

/// The words without stop words; all of them if there are no others.
fn content_words(run: &str) -> Vec<String> {
    let ends: Vec<usize> = SEGMENTER.segment_str(run).collect();
    let words = || ends.windows(2).filter_map(|ends| run.get(ends[0]..ends[1]));
    let content: Vec<String> = words().filter(|word| !STOP_WORDS.contains(word)).map(str::to_owned).collect();
    if content.is_empty() { words().map(str::to_owned).collect() } else { content }
}

/// The pairs of adjacent characters, or the only character.
fn pairs(run: &str) -> impl Iterator<Item = Word> {
    let characters: Vec<char> = run.chars().collect();
    let only = (characters.len() == 1).then(|| run.to_owned());
    let pairs: Vec<String> = characters.windows(2).map(|pair| pair.iter().collect()).collect();
    only.into_iter().chain(pairs).map(Word::Pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: Vec<Word>) -> Vec<String> {
        words
            .into_iter()
            .map(|word| match word {
                Word::Spaced(word) | Word::Pair(word) => word,
            })
            .collect()
    }

    #[test]
    fn a_text_in_chinese_gives_all_pairs() {
        assert_eq!(text(words("我喜欢猫")), ["我喜", "喜欢", "欢猫"]);
    }

    #[test]
    fn a_query_in_chinese_gives_the_pairs_within_its_words_without_stop_words() {
        assert_eq!(text(query_words("她的电话号码是什么")), ["电话", "号码"]);
        assert_eq!(text(query_words("什么")), ["什么"], "a query of stop words only keeps them");
        assert_eq!(text(query_words("猫")), ["猫"]);
    }

    #[test]
    fn a_name_that_the_dictionary_does_not_know_is_searched_as_a_whole() {
        assert_eq!(text(query_words("艾达在厨房")), ["艾达", "厨房"]);
    }

    #[test]
    fn thai_gives_the_words_of_a_dictionary() {
        let found = text(words("ฉันชอบดื่มกาแฟในตอนเช้าที่กรุงเทพมหานคร"));
        for word in ["กาแฟ", "กรุงเทพมหานคร"] {
            assert!(found.contains(&word.to_owned()), "{word} in {found:?}");
        }
        assert_eq!(text(query_words("กาแฟ")), ["กาแฟ"]);
    }

    #[test]
    fn korean_words_give_pairs() {
        assert_eq!(text(query_words("서울에서")), text(words("서울에서")));
    }
}

//! When do two texts say the same? Compatibility forms, case, white space and quotation marks make no difference.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

/// The text in its compatibility form, in lower case, with single spaces, plain quotation marks and plain hyphens.
pub fn normal(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut space = false;
    for character in text.nfkc().flat_map(char::to_lowercase).nfkc() {
        let plain = match character {
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '`' | '\u{b4}' | '\u{2032}' => '\'',
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{300c}' | '\u{300d}' => '"',
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            // Characters that nobody sees.
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
                continue;
            }
            other => other,
        };
        if plain.is_whitespace() || plain.is_control() {
            space = true;
            continue;
        }
        if space && !normal.is_empty() {
            normal.push(' ');
        }
        space = false;
        normal.push(plain);
    }
    normal
}

/// Equal but for what [`normal`] ignores and the marks at the end of a sentence.
pub fn same(one: &str, other: &str) -> bool {
    bare(one) == bare(other)
}

/// The normal form without the marks at its end.
pub fn bare(text: &str) -> String {
    normal(text).trim_end_matches(['.', '!', '。', '！']).to_owned()
}

/// The numbers in a text, without what groups their digits: `1,000` and `1 000.50` are `1000` and `1000.50`.
pub fn figures(text: &str) -> BTreeSet<String> {
    let characters: Vec<char> = text.nfkc().collect();
    let digit = |at: usize| characters.get(at).is_some_and(char::is_ascii_digit);
    let mut found = BTreeSet::new();
    let mut at = 0;
    while at < characters.len() {
        if !digit(at) {
            at += 1;
            continue;
        }
        let mut figure = String::new();
        while at < characters.len() {
            match characters[at] {
                digit if digit.is_ascii_digit() => figure.push(digit),
                // A group of three digits, or a decimal point.
                ',' | '.' | '\'' | '\u{2019}' | ' ' | '\u{a0}' | '\u{202f}'
                    if groups(&characters, at) && characters[at] != '.' => {}
                ',' | '.' if digit(at + 1) => figure.push('.'),
                _ => break,
            }
            at += 1;
        }
        let figure = if figure.contains('.') { figure.trim_end_matches('0').trim_end_matches('.') } else { &figure };
        let figure = figure.trim_start_matches('0');
        found.insert(if figure.is_empty() || figure.starts_with('.') {
            format!("0{figure}")
        } else {
            figure.to_owned()
        });
    }
    found
}

/// Whether exactly three digits follow a separator after one to three digits.
fn groups(characters: &[char], at: usize) -> bool {
    let digit = |at: usize| characters.get(at).is_some_and(char::is_ascii_digit);
    at > 0 && digit(at - 1) && digit(at + 1) && digit(at + 2) && digit(at + 3) && !digit(at + 4)
}

/// Words that begin with a capital letter, but for the first one of a sentence.
pub fn names(text: &str) -> BTreeSet<String> {
    let mut begins = true;
    let mut found = BTreeSet::new();
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|character: char| !character.is_alphanumeric());
        let bare = bare.strip_suffix("'s").or_else(|| bare.strip_suffix("\u{2019}s")).unwrap_or(bare);
        if !begins && bare.chars().next().is_some_and(char::is_uppercase) && bare.chars().count() > 1 {
            found.insert(normal(bare));
        }
        begins = word.ends_with(['.', '!', '?', ':']);
    }
    found
}

/// Words of negation in the languages that conversations are most often in.
const NEGATIONS: [&str; 33] = [
    "not",
    "no",
    "never",
    "none",
    "nobody",
    "without",
    "cannot",
    "nicht",
    "kein",
    "keine",
    "keinen",
    "nie",
    "ohne",
    "ne",
    "pas",
    "jamais",
    "sans",
    "plus",
    "nunca",
    "sin",
    "não",
    "sem",
    "non",
    "mai",
    "senza",
    "niet",
    "geen",
    "inte",
    "ikke",
    "не",
    "нет",
    "никогда",
    "без",
];
const NEGATING_SYLLABLES: [char; 5] = ['不', '没', '沒', '无', '別'];

/// The words of negation in a text.
pub fn negations(text: &str) -> BTreeSet<String> {
    let normal = normal(text);
    let words = normal.split(|character: char| !character.is_alphanumeric() && character != '\'');
    let mut found: BTreeSet<String> =
        words.filter(|word| NEGATIONS.contains(word) || word.ends_with("n't")).map(str::to_owned).collect();
    found.extend(normal.chars().filter(|character| NEGATING_SYLLABLES.contains(character)).map(String::from));
    found
}

/// Whether figures, names and negation are the same in both, so that similar vectors mean the same statement.
pub fn same_facts(one: &str, other: &str) -> bool {
    figures(one) == figures(other) && names(one) == names(other) && negations(one) == negations(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn forms_case_space_and_quotation_marks_are_ignored() {
        assert_eq!(normal(" I\u{2019}m  in\n\u{ff30}orto \u{201c}now\u{201d} "), "i'm in porto \"now\"");
        assert!(same("Ada lives in Porto.", "ada lives in  Porto"));
        assert!(!same("Ada lives in Porto", "Ada lived in Porto"));
    }

    #[test]
    fn figures_are_read_whatever_groups_them() {
        assert_eq!(figures("1,000 or 1 000 or 1'000"), set(&["1000"]));
        assert_eq!(figures("2.50 and 007, on 2026-03-02"), set(&["2.5", "7", "2026", "3", "2"]));
        assert_eq!(figures("１２ eggs"), set(&["12"]));
        assert_eq!(figures("none"), set(&[]));
    }

    #[test]
    fn names_are_capitalised_words_within_a_sentence() {
        assert_eq!(names("Ada's dog Rex lives in Porto. He barks at Bob's cat."), set(&["rex", "porto", "bob"]));
    }

    #[test]
    fn a_negated_statement_is_another_one() {
        for (yes, no) in [
            ("Ada likes tea", "Ada doesn't like tea"),
            ("Ada mag Tee", "Ada mag keinen Tee"),
            ("Ada 喜欢茶", "Ada 不喜欢茶"),
            ("Ada works there", "Ada no longer works there"),
        ] {
            assert_ne!(negations(yes), negations(no), "{no}");
        }
    }
}

//! Which words, numbers and dates in digits does a text consist of?

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// In lower case.
    Word(String),
    /// A number of one to four digits, and how many it has.
    Number { value: i16, digits: usize },
    /// A date in digits, such as 2025-05-17 or 17.5.2025.
    Date(Date),
    /// A month in digits, such as 2025-05.
    Month(Date),
    /// Punctuation that ends a clause.
    Break,
}

impl Token {
    pub(super) fn word(&self) -> Option<&str> {
        if let Self::Word(word) = self { Some(word) } else { None }
    }
}

/// The tokens of a text. Each Chinese character and kana is a word: their scripts write no spaces.
pub(super) fn scan(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let (kind, length) = if c.is_ascii_digit() {
            digits(&text[at..])
        } else if is_unspaced(c) {
            (Some(Token::Word(c.nfkc().collect())), c.len_utf8())
        } else if c.is_alphabetic() {
            word(&text[at..])
        } else {
            (matches!(c, '?' | '!' | ';' | ':' | '。' | '？').then_some(Token::Break), c.len_utf8())
        };
        if let Some(kind) = kind {
            tokens.push(kind);
        }
        at += length;
    }
    tokens
}

/// Whether a character is a word of its own.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

fn word(text: &str) -> (Option<Token>, usize) {
    let is_apostrophe = |c: char| matches!(c, '\'' | '’');
    let belongs = |c: char| c.is_alphabetic() && !is_unspaced(c) || is_mark(c) || is_apostrophe(c);
    let length = text.find(|c| !belongs(c)).unwrap_or(text.len());
    // An apostrophe after a word is a quotation mark, and one after a letter or two stands for a vowel, as in l'été.
    let length = text[..length].trim_end_matches(is_apostrophe).len();
    let length = match text[..length].char_indices().find(|(_, c)| is_apostrophe(*c)) {
        Some((at, _)) if text[..at].chars().count() <= 2 => at,
        _ => length,
    };
    (Some(Token::Word(lower(&text[..length]))), length)
}

/// As the vocabulary writes words.
pub(super) fn lower(word: &str) -> String {
    word.nfkc().flat_map(char::to_lowercase).map(|c| if c == '’' { '\'' } else { c }).collect()
}

/// Vowel signs and accents, which are not alphabetic.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Years, months and days with dashes, slashes or dots between them, or a plain number.
fn digits(text: &str) -> (Option<Token>, usize) {
    let mut parts: Vec<&str> = Vec::new();
    let (mut length, mut between) = (0, None);
    loop {
        let digits = text[length..].bytes().take_while(u8::is_ascii_digit).count();
        parts.push(&text[length..length + digits]);
        length += digits;
        let mut rest = text[length..].chars();
        let (separator, next) = (rest.next(), rest.next());
        let goes_on = parts.len() < 3
            && separator.is_some_and(|c| matches!(c, '-' | '/' | '.') && between.is_none_or(|known| known == c))
            && next.is_some_and(|c| c.is_ascii_digit());
        if !goes_on {
            break;
        }
        between = separator;
        length += 1;
    }
    let (first, numbers): (usize, Vec<i16>) =
        (parts[0].len(), parts.iter().map(|part| part.parse().unwrap_or(i16::MAX)).collect());
    let kind = match (numbers[..].first_chunk::<3>(), &numbers[..], between) {
        (Some([year, month, day]), ..) if first == 4 => date(*year, *month, *day).map(Token::Date),
        (Some([day, month, year]), _, Some('.')) if parts[2].len() == 4 => date(*year, *month, *day).map(Token::Date),
        (None, [year, month], Some('-' | '/')) if first == 4 => date(*year, *month, 1).map(Token::Month),
        _ => None,
    };
    match kind {
        Some(kind) => (Some(kind), length),
        None => ((first <= 4).then_some(Token::Number { value: numbers[0], digits: first }), first),
    }
}

pub(super) fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok().filter(|date| date.year() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Token> {
        scan(text)
    }

    fn word(text: &str) -> Token {
        Token::Word(text.to_owned())
    }

    #[test]
    fn words_and_numbers_are_apart() {
        let number = |value, digits| Token::Number { value, digits };
        assert_eq!(kinds("December 1,2023"), [word("december"), number(1, 1), number(2023, 4)]);
        assert_eq!(kinds("on the 8th"), [word("on"), word("the"), number(8, 1), word("th")]);
        assert_eq!(kinds("L’an dernier?"), [word("l"), word("an"), word("dernier"), Token::Break]);
        assert_eq!(kinds("aujourd’hui ’twas rock'n'roll'"), [word("aujourd'hui"), word("twas"), word("rock'n'roll")]);
        assert_eq!(kinds("我上周"), [word("我"), word("上"), word("周")]);
        assert_eq!(kinds("கடந்த வாரம்"), [word("கடந்த"), word("வாரம்")]);
        assert_eq!(kinds("12345678"), []);
    }

    #[test]
    fn dates_in_digits_are_one_token() {
        let day = Token::Date(date(2025, 5, 17).unwrap());
        for text in ["2025-05-17", "2025/5/17", "17.05.2025", "17.5.2025", "2025.05.17"] {
            assert_eq!(kinds(text), std::slice::from_ref(&day), "{text}");
        }
        assert_eq!(kinds("2025-05"), [Token::Month(date(2025, 5, 1).unwrap())]);
        assert!(!kinds("2025-13-40 5/17/2025 1.2.3").iter().any(|kind| matches!(kind, Token::Date(_))));
    }
}

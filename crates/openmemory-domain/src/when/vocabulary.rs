//! Which words name times? Those of `words.json`, which scripts/calendar-words.mjs writes, of all languages at once.

use std::sync::LazyLock;

use foldhash::{HashMap, HashSet};
use serde::Deserialize;

use super::calendar::{Recurring, Unit, Which};
use super::scanner::{Token, lower, scan};

/// The words of times.
pub(super) static WORDS: LazyLock<Vocabulary> = LazyLock::new(|| {
    // A test reads the file.
    let file: File = serde_json::from_str(include_str!("words.json")).unwrap_or_default();
    file.into()
});

#[derive(Default, Deserialize)]
struct File {
    months: HashMap<String, i8>,
    short_months: HashMap<String, i8>,
    weekdays: HashMap<String, i8>,
    numbers: HashMap<String, i16>,
    units: HashMap<String, Unit>,
    seasons: HashMap<String, i8>,
    phrases: HashMap<String, (Unit, i32)>,
    r#in: Vec<String>,
    since: Vec<String>,
    before: Vec<String>,
    after: Vec<String>,
    between: Vec<String>,
    and: Vec<String>,
    last: Vec<String>,
    this: Vec<String>,
    next: Vec<String>,
    weekend: Vec<String>,
    filler: Vec<String>,
}

pub(super) struct Vocabulary {
    /// The first words of all that follows.
    first_words: HashSet<String>,
    /// Names of months, and short ones, which count only beside a number.
    pub(super) months: HashMap<String, i8>,
    pub(super) short_months: HashMap<String, i8>,
    pub(super) numbers: HashMap<String, i16>,
    pub(super) units: Phrases<Unit>,
    pub(super) recurring: Phrases<Recurring>,
    pub(super) relative: Phrases<(Unit, i32)>,
    pub(super) which: Phrases<Which>,
    pub(super) in_: Phrases<()>,
    pub(super) since: Phrases<()>,
    pub(super) before: Phrases<()>,
    pub(super) after: Phrases<()>,
    pub(super) between: Phrases<()>,
    pub(super) and: Phrases<()>,
    pub(super) filler: Phrases<()>,
}

impl From<File> for Vocabulary {
    fn from(file: File) -> Self {
        let seasons = file.seasons.into_iter().map(|(text, number)| (text, Recurring::Season(number)));
        let weekdays = file.weekdays.into_iter().map(|(text, number)| (text, Recurring::Weekday(number)));
        let weekends = file.weekend.into_iter().map(|text| (text, Recurring::Weekend));
        let which = [(file.last, Which::Last), (file.this, Which::This), (file.next, Which::Next)];
        let list = |words: Vec<String>| Phrases::new(words.into_iter().map(|word| (word, ())));
        let mut vocabulary = Self {
            first_words: HashSet::default(),
            months: file.months,
            short_months: file.short_months,
            numbers: file.numbers,
            units: Phrases::new(file.units),
            recurring: Phrases::new(seasons.chain(weekdays).chain(weekends)),
            relative: Phrases::new(file.phrases),
            which: Phrases::new(
                which.into_iter().flat_map(|(words, which)| words.into_iter().map(move |word| (word, which))),
            ),
            in_: list(file.r#in),
            since: list(file.since),
            before: list(file.before),
            after: list(file.after),
            between: list(file.between),
            and: list(file.and),
            filler: list(file.filler),
        };
        vocabulary.first_words = vocabulary.first_words().map(str::to_owned).collect();
        vocabulary
    }
}

impl Vocabulary {
    /// Whether a time can be named from this token on. Most words of most questions are none of the vocabulary.
    pub(super) fn may_begin(&self, token: &Token) -> bool {
        let Some(word) = token.word() else { return true };
        [word, without_particle(word)].iter().any(|word| self.first_words.contains(*word))
            || self.month_with_ending(word).is_some()
    }

    fn first_words(&self) -> impl Iterator<Item = &str> {
        let names = self.months.keys().chain(self.short_months.keys()).chain(self.numbers.keys());
        let relations = [&self.in_, &self.since, &self.before, &self.after, &self.between, &self.and, &self.filler];
        let phrases = relations.into_iter().flat_map(Phrases::first_words);
        let meanings = self.units.first_words().chain(self.recurring.first_words());
        let turned = self.relative.first_words().chain(self.which.first_words());
        names.chain(phrases).chain(meanings).chain(turned).map(String::as_str)
    }

    /// The month that a word names.
    pub(super) fn month(&self, word: &str) -> Option<i8> {
        self.months.get(word).copied()
    }

    /// The month that a word names with the ending of "in", which therefore needs no preposition.
    pub(super) fn month_with_ending(&self, word: &str) -> Option<i8> {
        /// Finnish, Hungarian, Turkish, Tamil and Korean: the endings of "in".
        const ENDINGS: [&str; 14] =
            ["ssa", "ban", "ben", "ta", "te", "da", "de", "'ta", "'te", "'da", "'de", "ில்", "에", "சத்தில்"];
        ENDINGS.iter().find_map(|ending| self.months.get(word.strip_suffix(ending)?).copied())
    }
}

/// Phrases of one or more words, in which `#` stands for a number.
pub(super) struct Phrases<T> {
    /// By their first word.
    by_first: HashMap<String, Vec<(Vec<String>, T)>>,
}

impl<T: Copy> Phrases<T> {
    fn new(phrases: impl IntoIterator<Item = (String, T)>) -> Self {
        let mut by_first: HashMap<String, Vec<(Vec<String>, T)>> = HashMap::default();
        for (text, meaning) in phrases {
            let parts: Vec<String> = text.split('#').map(words_of).collect::<Vec<_>>().join(&NUMBER.to_owned());
            if let Some(first) = parts.first().cloned() {
                by_first.entry(first).or_default().push((parts, meaning));
            }
        }
        // The longest first.
        by_first.values_mut().for_each(|phrases| phrases.sort_by_key(|(parts, _)| std::cmp::Reverse(parts.len())));
        Self { by_first }
    }

    fn first_words(&self) -> impl Iterator<Item = &String> {
        self.by_first.keys()
    }

    /// The longest phrase at the start of `tokens`: what it means, its number, and how many tokens it has.
    pub(super) fn at(&self, tokens: &[Token]) -> Option<(T, i32, usize)> {
        let first = match tokens.first()? {
            Token::Word(word) => {
                self.by_first.get(word).or_else(|| self.by_first.get(without_particle(word))).into_iter()
            }
            Token::Number { .. } => None.into_iter(),
            _ => return None,
        };
        let counted = self.by_first.get(NUMBER).filter(|_| number(tokens.first()).is_some());
        first.chain(counted).flatten().find_map(|(parts, meaning)| {
            let mut count = 1;
            let fits = parts.len() <= tokens.len()
                && parts.iter().zip(tokens).all(|(part, token)| match number(Some(token)) {
                    Some(value) if part == NUMBER => {
                        count = value;
                        true
                    }
                    _ => token.word().is_some_and(|word| word == part || without_particle(word) == part),
                });
            fits.then_some((*meaning, i32::from(count), parts.len()))
        })
    }
}

/// A Korean word without the particle that says what it does in the sentence.
fn without_particle(word: &str) -> &str {
    const PARTICLES: [&str; 8] = ["에는", "에", "은", "는", "의", "부터", "까지", "도"];
    if word.is_ascii() {
        return word;
    }
    PARTICLES.iter().find_map(|particle| word.strip_suffix(particle)).unwrap_or(word)
}

/// The place of a number in a phrase.
const NUMBER: &str = "#";

/// A number in digits or in words.
pub(super) fn number(token: Option<&Token>) -> Option<i16> {
    match token? {
        Token::Number { value, digits: ..=3 } => Some(*value),
        Token::Word(word) => WORDS.numbers.get(word).copied(),
        _ => None,
    }
}

fn words_of(text: &str) -> Vec<String> {
    scan(&lower(text)).iter().filter_map(Token::word).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_words_is_complete() {
        let file: File = serde_json::from_str(include_str!("words.json")).unwrap();
        assert!(file.months.len() > 180 && file.phrases.len() > 300 && file.weekdays.len() > 100);
        assert_eq!((file.months["mai"], file.months["мая"], file.months["mayıs"]), (5, 5, 5));
        assert_eq!(file.phrases["hace # semanas"], (Unit::Week, -1));
    }

    #[test]
    fn the_longest_phrase_counts() {
        let at = |text: &str| WORDS.relative.at(&scan(text)).map(|(meaning, count, _)| (meaning, count));
        assert_eq!(at("the day before yesterday"), Some(((Unit::Day, -2), 1)));
        assert_eq!(at("two weeks ago"), Some(((Unit::Week, -1), 2)));
        assert_eq!(at("vor 3 Monaten"), Some(((Unit::Month, -1), 3)));
        assert_eq!(at("上个月"), Some(((Unit::Month, -1), 1)));
        assert_eq!(at("weeks ago"), None);
    }
}

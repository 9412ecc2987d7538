//! Which memories share words with a query, and how telling are these words? BM25 over one user's memories.
//!
//! Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009), with k1 = 0.9 and b = 0.4 and
//! the idf that is never negative. A score is divided by the sum of the query's idfs: the share of the query that a
//! memory covers, comparable between queries; up to 1 + k1 where words repeat.

use unicode_segmentation::UnicodeSegmentation;

use super::language::Language;
use super::postings::Postings;
use super::words::{self, Terms, Word};

const K1: f32 = 0.9;
const B: f32 = 0.4;

/// Languages that fewer of a user's memories are in than one in this many do not change how a query is read.
const RARE_LANGUAGE: u32 = 20;

#[derive(Default)]
pub(super) struct Lexical {
    postings: Postings,
    lengths: Vec<u32>,
    languages: Vec<Option<Language>>,
    total: Totals,
}

/// How much there is, in one partition or in several.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) memories: u32,
    length: u64,
    by_language: [u32; Language::COUNT],
}

impl Totals {
    pub(super) fn add(&mut self, other: &Self) {
        self.memories += other.memories;
        self.length += other.length;
        self.by_language.iter_mut().zip(other.by_language).for_each(|(sum, count)| *sum += count);
    }

    fn languages(&self) -> impl Iterator<Item = Language> {
        Language::all().filter(|language| self.by_language[language.index()] > self.memories / RARE_LANGUAGE)
    }
}

/// A word of a query, by the terms that memories of this user may have for it.
struct QueryWord {
    terms: Vec<String>,
    memories: u32,
}

/// A query as words. Questions in unspaced scripts that have several sentences are looked for one by one.
pub(super) struct QueryWords {
    parts: Vec<Vec<QueryWord>>,
    totals: Totals,
}

impl QueryWords {
    pub(super) fn new(query: &str, totals: Totals) -> Self {
        let parts = match words::unspaced_share(query) {
            share if share > 0.5 => query.unicode_sentences().map(|part| Self::part(part, &totals)).collect(),
            _ => vec![Self::part(query, &totals)],
        };
        Self { parts, totals }
    }

    fn part(text: &str, totals: &Totals) -> Vec<QueryWord> {
        let words = words::words(text);
        let language = words::language(&words);
        let mut part: Vec<QueryWord> = Vec::new();
        for word in words {
            let terms = match word {
                Word::Spaced(word) if language.is_stop_word(&word) => continue,
                Word::Spaced(word) => variants(&word, totals, language),
                Word::Gram(gram) => vec![gram],
            };
            if !part.iter().any(|known| known.terms == terms) {
                part.push(QueryWord { terms, memories: 0 });
            }
        }
        part
    }

    pub(super) fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Counts in how many of the partition's memories each word is.
    pub(super) fn count(&mut self, lexical: &Lexical) {
        for word in self.parts.iter_mut().flatten() {
            word.memories += lexical.memories_with(&word.terms);
        }
    }

    fn idf(&self, word: &QueryWord) -> f32 {
        let (all, with) = (self.totals.memories as f32, word.memories.min(self.totals.memories) as f32);
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }
}

/// What slows the growth of a word's weight with its count: for every memory, and for each word in it.
fn saturation(totals: &Totals) -> (f32, f32) {
    let mean = (totals.length as f32 / totals.memories.max(1) as f32).max(1.0);
    (K1 * (1.0 - B), K1 * B / mean)
}

/// The stems of a word in every language that matters here.
fn variants(word: &str, totals: &Totals, language: Language) -> Vec<String> {
    let mut terms = vec![words::term(word, language)];
    for language in totals.languages() {
        let term = words::term(word, language);
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms
}

impl Lexical {
    pub(super) fn totals(&self) -> &Totals {
        &self.total
    }

    pub(super) fn replace(&mut self, slot: u32, terms: &Terms) {
        self.remove(slot);
        let place = slot as usize;
        if place >= self.lengths.len() {
            self.lengths.resize(place + 1, 0);
            self.languages.resize(place + 1, None);
        }
        self.postings.replace(slot, &terms.counts);
        self.lengths[place] = terms.length;
        self.languages[place] = Some(terms.language);
        self.total.memories += 1;
        self.total.length += u64::from(terms.length);
        self.total.by_language[terms.language.index()] += 1;
    }

    pub(super) fn remove(&mut self, slot: u32) {
        let place = slot as usize;
        if let Some(language) = self.languages.get_mut(place).and_then(Option::take) {
            self.postings.remove(slot);
            self.total.memories -= 1;
            self.total.length -= u64::from(self.lengths[place]);
            self.total.by_language[language.index()] -= 1;
        }
    }

    /// Puts the scores of all slots into `scores`, 0 where no word is shared.
    pub(super) fn score(&self, query: &QueryWords, scores: &mut [f32]) {
        if let [part] = &query.parts[..] {
            self.score_part(query, part, scores);
            return;
        }
        let mut one = vec![0.0; scores.len()];
        for part in &query.parts {
            one.fill(0.0);
            self.score_part(query, part, &mut one);
            scores.iter_mut().zip(&one).for_each(|(best, score)| *best = best.max(*score));
        }
    }

    /// The share of the query's words that each slot has, 0 to 1, however long it is: its score by that of one which has
    /// every word once.
    pub(super) fn covered(&self, totals: &Totals, scores: &[f32]) -> Vec<f32> {
        let (short, long) = saturation(totals);
        let once = |length: u32| (K1 + 1.0) / (1.0 + short + long * length as f32);
        scores.iter().zip(&self.lengths).map(|(score, length)| (score / once(*length)).min(1.0)).collect()
    }

    fn score_part(&self, query: &QueryWords, part: &[QueryWord], scores: &mut [f32]) {
        let most: f32 = part.iter().map(|word| query.idf(word)).sum();
        if most <= 0.0 {
            return;
        }
        let (short, long) = saturation(&query.totals);
        for word in part {
            let weight = query.idf(word) / most * (K1 + 1.0);
            for posting in word.terms.iter().flat_map(|term| self.postings.of(term)) {
                let count = f32::from(posting.count);
                let length = self.lengths[posting.slot as usize] as f32;
                scores[posting.slot as usize] += weight * count / (count + short + long * length);
            }
        }
    }

    fn memories_with(&self, terms: &[String]) -> u32 {
        terms.iter().map(|term| self.postings.of(term).len() as u32).sum()
    }

    /// In how many memories a word is, in any of its forms.
    pub(super) fn memories_with_word(&self, word: &str, totals: &Totals) -> u32 {
        self.memories_with(&variants(word, totals, Language::ENGLISH))
    }

    pub(super) fn bytes(&self) -> usize {
        self.postings.bytes() + self.lengths.capacity() * 4 + self.languages.capacity() * 2
    }
}

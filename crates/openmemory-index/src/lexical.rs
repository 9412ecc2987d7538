//! Which memories share words with a query, and how specific are those words? BM25 over one user's memories.
//!
//! Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009), with k1 = 0.9, b = 0.4 and
//! the non-negative idf. The score is divided by the sum of the query's idfs, so it is comparable between queries: the
//! share of the query that a memory covers, or up to 1 + k1 if words repeat.

use unicode_segmentation::UnicodeSegmentation;

use super::language::Language;
use super::postings::Postings;
use super::terms::Terms;
use super::word::Word;
use super::words;

const K1: f32 = 0.9;
const B: f32 = 0.4;

/// A language must have more than one in this many of a user's memories to be considered for queries.
const RARE_LANGUAGE: u32 = 20;

#[derive(Default)]
pub(super) struct Lexical {
    postings: Postings,
    lengths: Vec<u32>,
    languages: Vec<Option<Language>>,
    total: Totals,
}

/// Corpus statistics of one or several partitions.
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

    /// Those of so many memories, of which these are a sample.
    pub(super) fn scaled_to(&self, memories: u32) -> Self {
        let factor = f64::from(memories) / f64::from(self.memories.max(1));
        let scaled = |count: u32| (f64::from(count) * factor).round() as u32;
        Self {
            memories,
            length: (self.length as f64 * factor).round() as u64,
            by_language: self.by_language.map(scaled),
        }
    }

    /// Words of a memory, without stop words; at least 1.
    pub(super) fn mean_length(&self) -> f32 {
        (self.length as f32 / self.memories.max(1) as f32).max(1.0)
    }

    fn languages(&self) -> impl Iterator<Item = Language> {
        Language::all().filter(|language| self.by_language[language.index()] > self.memories / RARE_LANGUAGE)
    }
}

/// A word of a query, with its stems in the languages of the user's memories.
struct QueryWord {
    terms: Vec<String>,
    memories: u32,
}

/// The words of a query. A query in an unspaced script is split into sentences, which are scored separately.
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
        let words = words::query_words(text);
        let language = words::language(&words);
        let mut part: Vec<QueryWord> = Vec::new();
        for word in words {
            let terms = match word {
                Word::Spaced(word) if language.is_stop_word(&word) => continue,
                Word::Spaced(word) => variants(&word, totals, language),
                Word::Pair(pair) => vec![pair],
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

    /// Adds document frequencies.
    pub(super) fn count(&mut self, memories_with: impl Fn(&[String]) -> u32) {
        for word in self.parts.iter_mut().flatten() {
            word.memories += memories_with(&word.terms);
        }
    }

    /// The terms of each word.
    pub(super) fn terms(&self) -> impl Iterator<Item = &[String]> {
        self.parts.iter().flatten().map(|word| &*word.terms)
    }

    fn idf(&self, word: &QueryWord) -> f32 {
        let (all, with) = (self.totals.memories as f32, word.memories.min(self.totals.memories) as f32);
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }
}

/// The saturation constants of BM25: one for every memory, and one per word of its length.
fn saturation(totals: &Totals) -> (f32, f32) {
    (K1 * (1.0 - B), K1 * B / totals.mean_length())
}

/// The stems of a word of no language in all languages to consider.
pub(super) fn variants_of(word: &str, totals: &Totals) -> Vec<String> {
    variants(word, totals, Language::ENGLISH)
}

/// The stems of a word in all languages to consider.
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

    pub(super) fn replace(&mut self, slot: u32, terms: &Terms<'_>) {
        self.remove(slot);
        let index = slot as usize;
        if index >= self.lengths.len() {
            self.lengths.resize(index + 1, 0);
            self.languages.resize(index + 1, None);
        }
        self.postings.replace(slot, terms.counts.iter().map(|(term, count)| (&**term, *count)));
        self.lengths[index] = terms.length;
        self.languages[index] = Some(terms.language);
        self.total.memories += 1;
        self.total.length += u64::from(terms.length);
        self.total.by_language[terms.language.index()] += 1;
    }

    pub(super) fn remove(&mut self, slot: u32) {
        let index = slot as usize;
        if let Some(language) = self.languages.get_mut(index).and_then(Option::take) {
            self.postings.remove(slot);
            self.total.memories -= 1;
            self.total.length -= u64::from(self.lengths[index]);
            self.total.by_language[language.index()] -= 1;
        }
    }

    /// Adds the score of each slot to `scores`; slots without a shared word stay at 0.
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

    /// The share of the query's words in each slot, 0 to 1, independent of length: its score relative to that of a text
    /// of this length with each word once.
    pub(super) fn coverage(&self, totals: &Totals, scores: &[f32]) -> Vec<f32> {
        let (short, long) = saturation(totals);
        let once = |length: u32| (K1 + 1.0) / (1.0 + short + long * length as f32);
        scores.iter().zip(&self.lengths).map(|(score, length)| (score / once(*length)).min(1.0)).collect()
    }

    fn score_part(&self, query: &QueryWords, part: &[QueryWord], scores: &mut [f32]) {
        let idf_sum: f32 = part.iter().map(|word| query.idf(word)).sum();
        if idf_sum <= 0.0 {
            return;
        }
        let (short, long) = saturation(&query.totals);
        for word in part {
            let weight = query.idf(word) / idf_sum * (K1 + 1.0);
            for posting in word.terms.iter().flat_map(|term| self.postings.of(term)) {
                let count = f32::from(posting.count);
                let length = self.lengths[posting.slot as usize] as f32;
                scores[posting.slot as usize] += weight * count / (count + short + long * length);
            }
        }
    }

    /// The number of memories with a word, in any of these forms.
    pub(super) fn memories_with(&self, terms: &[String]) -> u32 {
        terms.iter().map(|term| self.memories_with_term(term)).sum()
    }

    pub(super) fn memories_with_term(&self, term: &str) -> u32 {
        self.postings.of(term).len() as u32
    }

    pub(super) fn bytes(&self) -> usize {
        self.postings.bytes() + self.lengths.capacity() * 4 + self.languages.capacity() * 2
    }
}

//! How are a few candidates ranked among many memories that are not here? By what a sample of those says: how long they are,
//! in which languages, which words are common, and what their vectors have in common.

use std::collections::HashMap;

use crate::lexical::{QueryWords, Totals};
use crate::partition::Partition;

/// What is known of all memories in the scope of a search.
#[derive(Clone, Copy)]
pub struct Statistics<'a> {
    /// How many there are.
    pub memories: u32,
    /// Some of them, chosen at random.
    pub sample: &'a Partition,
    /// How many have a term, for terms that were counted among all.
    pub known: &'a HashMap<String, u32>,
}

impl Statistics<'_> {
    pub(super) fn totals(&self) -> Totals {
        self.sample.totals().scaled_to(self.memories)
    }

    /// The memories with one of these terms.
    pub fn memories_with(&self, terms: &[String]) -> u32 {
        let of_term = |term: &String| match self.known.get(term) {
            Some(count) => *count,
            None => self.scaled(self.sample.lexical().memories_with_term(term)),
        };
        terms.iter().map(of_term).sum::<u32>().min(self.memories)
    }

    fn scaled(&self, in_sample: u32) -> u32 {
        let share = f64::from(in_sample) / f64::from(self.sample.totals().memories.max(1));
        (share * f64::from(self.memories)).round() as u32
    }
}

/// A word of a query as the terms by which memories have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryTerms {
    pub terms: Vec<String>,
    /// How many of the sample have it.
    pub in_sample: u32,
}

/// The words of a query that memories are found by, each once.
pub fn query_terms(query: &str, sample: &Partition) -> Vec<QueryTerms> {
    let words = QueryWords::new(query, *sample.totals());
    let in_sample = |terms: &[String]| terms.iter().map(|term| sample.lexical().memories_with_term(term)).sum();
    words.terms().map(|terms| QueryTerms { terms: terms.to_vec(), in_sample: in_sample(terms) }).collect()
}

//! By which phrases can a query name a memory's tags?

use std::collections::HashMap;

use crate::words::phrase;

/// The normalised phrases of a memory's tags, sorted and distinct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags(Vec<String>);

impl Tags {
    pub fn of(tags: &[String]) -> Self {
        Self::from_phrases(tags.iter().map(|tag| phrase(tag)))
    }

    fn from_phrases(phrases: impl Iterator<Item = String>) -> Self {
        let mut phrases: Vec<String> = phrases.filter(|phrase| !phrase.is_empty()).collect();
        phrases.sort_unstable();
        phrases.dedup();
        Self(phrases)
    }

    pub fn phrases(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Remembers the phrases of tags, for many memories that share them.
#[derive(Default)]
pub struct KnownTags(HashMap<String, String>);

impl KnownTags {
    /// Tags that differ in every memory should not fill the memory.
    const MAX: usize = 4096;

    /// [`Tags::of`].
    pub fn tags(&mut self, tags: &[String]) -> Tags {
        Tags::from_phrases(tags.iter().map(|tag| self.phrase(tag)))
    }

    fn phrase(&mut self, tag: &str) -> String {
        if let Some(known) = self.0.get(tag) {
            return known.clone();
        }
        if self.0.len() == Self::MAX {
            self.0.clear();
        }
        let phrase = phrase(tag);
        self.0.insert(tag.to_owned(), phrase.clone());
        phrase
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_tags_have_the_phrases_of_others() {
        let mut known = KnownTags::default();
        for round in 0..3 {
            for number in 0..2 * KnownTags::MAX {
                let tags =
                    [format!("Week-{number}"), "Running shoes".to_owned(), String::new(), "running shoe".to_owned()];
                assert_eq!(known.tags(&tags), Tags::of(&tags), "in round {round}");
            }
        }
        assert!(known.0.len() <= KnownTags::MAX);
    }
}
